from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rest_framework.viewsets import ViewSet

from accounts.permissions import Member, RolePermission

F = TypeVar("F", bound=Callable[..., Any])


def allow(permission: type[RolePermission]) -> Callable[[F], F]:
    """Who may call this action of a `RoleViewSet`; without it, members."""

    def mark(action: F) -> F:
        action.allowed = permission  # type: ignore[attr-defined]
        return action

    return mark


class RoleViewSet(ViewSet):
    """A viewset whose actions say themselves who may call them."""

    def get_permissions(self) -> list[Any]:
        action = getattr(self, self.action or "", None)
        return [getattr(action, "allowed", Member)()]
