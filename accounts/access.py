"""Who may do what, and who may come in: granting roles, blocking, and never locking everybody out."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.ending import end_sessions_of
from accounts.errors import Erased, LastAdmin, RoleFromDiscord
from accounts.events import AccessChanged
from accounts.models import ADMINS, Erasure, User
from accounts.roles import RANK, Role, higher
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import publish


@transaction.atomic
def change_access(user: User, actor: User | None, *, granted_role: str, is_active: bool) -> User:
    """Grant a role, block or unblock. Sockets of a changed person close; a blocked one's sign-ins end.

    Admins may, for others; `actor` None is the environment. Raises `NotAllowed`, `LastAdmin`, `Erased`.
    """
    if actor is not None and not actor.is_admin:
        raise NotAllowed
    user = locked_with_admins(user.pk, actor)
    return _changed(user, actor, granted_role=granted_role, is_active=is_active)


@transaction.atomic
def set_role(user_id: str, actor: User, role: str) -> User:
    """Let somebody have this role here, from their next request on. One's own too.

    What the guild gives counts as well, so a role below that is refused. Raises `NotFound`, `NotAllowed`,
    `RoleFromDiscord`, `LastAdmin`, `Erased`.
    """
    user = _found(user_id, actor)
    if RANK[role] < RANK[user.guild_role]:
        raise RoleFromDiscord(role=user.guild_role)
    granted = "" if role == higher(user.guild_role, "") else role
    return _changed(user, actor, granted_role=granted, is_active=user.is_active, superuser=role == Role.ADMIN)


@transaction.atomic
def block_person(user_id: str, actor: User) -> User:
    """All their sign-ins and sockets end at once, and nothing lets them in. Again: nothing more happens.

    Raises `NotFound`, `NotAllowed` (oneself too), `LastAdmin`.
    """
    user = _found(user_id, actor)
    return _changed(user, actor, granted_role=user.granted_role, is_active=False)


@transaction.atomic
def unblock_person(user_id: str, actor: User) -> User:
    """They may sign in again. Raises `NotFound`, `NotAllowed`, `Erased`."""
    user = _found(user_id, actor)
    return _changed(user, actor, granted_role=user.granted_role, is_active=True)


def _found(user_id: str, actor: User) -> User:
    if not actor.is_admin:
        raise NotAllowed
    key = User.objects.people().filter(user_id=user_id).values_list("pk", flat=True).first()
    if key is None:
        raise NotFound
    return locked_with_admins(key, actor)


def locked_with_admins(key: int, actor: User | None) -> User:
    """Also every admin's row, in one order: of two who demote each other the second is none any more."""
    rows = User.objects.filter(Q(pk=key) | ADMINS).order_by("pk").select_for_update(no_key=True)
    found = {user.pk: user for user in rows}
    if actor is not None:
        now = found.get(actor.pk)
        if now is None or not now.is_active or not now.is_admin:
            raise NotAllowed
    user: User = found[key]
    return user


def _changed(
    user: User, actor: User | None, *, granted_role: str, is_active: bool, superuser: bool = True
) -> User:
    """`superuser` False takes that away, for it would make them an admin all the same."""
    _refuse(user, actor, is_active=is_active)
    before, was_active = access_of(user), user.is_active
    user.granted_role, user.is_active = granted_role, is_active
    user.is_superuser = user.is_superuser and superuser
    user.save(update_fields=["granted_role", "is_active", "is_superuser"])
    if actor is not None and not User.objects.admins().filter(is_active=True).exists():
        raise LastAdmin
    publish(AccessChanged(user.pk, actor.pk if actor else None, before, access_of(user)))
    if was_active and not is_active:
        end_sessions_of(user, "blocked")
    return user


def _refuse(user: User, actor: User | None, *, is_active: bool) -> None:
    if actor is not None and actor.pk == user.pk and not is_active:
        raise NotAllowed
    if is_active and not user.is_active and _is_forgotten(user):
        raise Erased


def _is_forgotten(user: User) -> bool:
    return user.erased_at is not None or user.erasures.filter(state=Erasure.State.RUNNING).exists()


def access_of(user: User) -> dict[str, Any]:
    return {"role": user.role.value, "granted_role": user.granted_role, "blocked": not user.is_active}
