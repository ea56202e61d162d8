"""Finding people, for staff."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Q

from accounts.models import Session, SessionQuerySet, User, UserQuerySet
from accounts.services import end_session_as
from hazesite.errors import NotAllowed, NotFound

LARGEST_ID = 2**63


def people(actor: User, *, q: str = "", role: str | None = None, blocked: bool | None = None) -> UserQuerySet:
    """Not yet sorted. Raises `NotAllowed`."""
    if not actor.is_staff:
        raise NotAllowed
    rows: UserQuerySet = User.objects.with_role(role) if role else User.objects.people()
    if q := q.strip():
        found = Q(username__icontains=q) | Q(user_id=q)
        if q.isascii() and q.isdigit() and int(q) < LARGEST_ID:
            found |= Q(discord_id=int(q))
        rows = rows.filter(found)
    return rows if blocked is None else rows.filter(is_active=not blocked)


def person(user_id: str, actor: User) -> User:
    """Raises `NotFound`, `NotAllowed`."""
    found: User | None = people(actor).filter(user_id=user_id).first()
    if found is None:
        raise NotFound
    return found


def last_seen(page: Iterable[User]) -> dict[int, datetime]:
    """When each was last here, as far as their sign-ins of the last month say. One query."""
    rows = Session.objects.filter(user__in=[user.pk for user in page]).order_by()
    seen = rows.values("user_id").annotate(seen=Max("last_seen_at"))
    return {row["user_id"]: row["seen"] for row in seen}


def sign_ins_of(user_id: str, actor: User) -> SessionQuerySet:
    """Those that live. Admins see them."""
    user = person(user_id, actor)
    if not actor.is_admin:
        raise NotAllowed
    return Session.objects.live().filter(user=user)


def end_one(user_id: str, key: str, actor: User) -> None:
    """Raises `NotFound` where they have no such sign-in (any more)."""
    session = sign_ins_of(user_id, actor).select_related("user").filter(key=key).first()
    if session is None:
        raise NotFound
    end_session_as(actor, session)
