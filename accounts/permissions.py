"""Who may call a view. Everything is for members unless the view says otherwise."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.errors import Unauthenticated
from accounts.models import User
from accounts.roles import GRANTABLE, STAFF, Role
from hazesite.errors import NotAllowed


class RolePermission(BasePermission):
    roles: tuple[Role, ...] = ()
    whom = "nobody"
    """In the API's document: for whom it is."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, User):
            raise Unauthenticated
        self.require(request.user)
        return True

    @classmethod
    def require(cls, user: User) -> None:
        """Raises `NotAllowed` for whom it is not."""
        if user.role not in cls.roles:
            raise NotAllowed


class AnyToken(RolePermission):
    """Monitoring tokens too."""

    roles = (*GRANTABLE, Role.MONITORING)
    whom = "members and monitoring tokens"


class Member(RolePermission):
    roles = GRANTABLE
    whom = "members"


class Staff(RolePermission):
    roles = STAFF
    whom = "moderators and admins"


class Admin(RolePermission):
    roles = (Role.ADMIN,)
    whom = "admins"


class Watcher(RolePermission):
    """Staff, and monitoring tokens."""

    roles = (*STAFF, Role.MONITORING)
    whom = "moderators, admins and monitoring tokens"
