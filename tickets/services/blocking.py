"""Who may read their tickets and nothing more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from hazesite.errors import NotFound
from hazesite.events import publish
from tickets import prepared
from tickets.errors import Blocked, CannotBlockStaff
from tickets.events import BlockChanged
from tickets.models import Block, BlockQuerySet
from tickets.services.locking import require_staff


def refuse_blocked(user: User) -> None:
    """Raises `Blocked`. One query: asked under a lock, it knows what was decided while waiting for that."""
    refuse_block(prepared.block_of(user.pk))


def refuse_block(block: tuple[str, datetime | None] | None) -> None:
    """As `refuse_blocked`, for what is known already: the reason and the end."""
    if block is not None:
        reason, until = block
        if until is None or until > timezone.now():
            raise Blocked(reason=reason, until=until)


def blocks(actor: User) -> BlockQuerySet:
    """Those in force, newest first, with their people."""
    require_staff(actor)
    in_force = Block.objects.in_force(timezone.now())
    return in_force.select_related("user", "blocked_by").order_by("-created_at", "-pk")


@transaction.atomic
def block_user(user_id: str, actor: User, *, reason: str = "", until: datetime | None = None) -> Block:
    """From now on they open no tickets and say nothing. Again: the new reason and end count.

    Raises `NotFound`, `NotAllowed`, `CannotBlockStaff`.
    """
    require_staff(actor)
    user = _member(user_id)
    if user.is_staff:
        raise CannotBlockStaff
    details = {"reason": reason, "until": until, "blocked_by": actor, "created_at": timezone.now()}
    block, _made = Block.objects.update_or_create(user=user, defaults=details)
    publish(BlockChanged(user.pk, actor.pk, True, until.isoformat() if until else None))
    return block


@transaction.atomic
def unblock_user(user_id: str, actor: User) -> None:
    """Raises `NotFound` where there is no block."""
    require_staff(actor)
    block = Block.objects.select_for_update(no_key=True, of=("self",)).filter(user__user_id=user_id).first()
    if block is None:
        raise NotFound
    block.delete()
    publish(BlockChanged(block.user_id, actor.pk, False))


def _member(user_id: str) -> User:
    user: User | None = User.objects.filter(user_id=user_id, is_service=False).first()
    if user is None:
        raise NotFound
    return user
