"""What moderators do in Discord: to whom they may, and what they did, for ever."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import people
from accounts.models import User
from accounts.roles import STAFF, higher
from bot.models import ModerationAction
from hazesite.audit.services import record
from hazesite.errors import NotAllowed

STAFF_ONLY_BY_ADMINS = _("Only admins can do that to staff.")


def refuse_beyond_reach(actor: User, member_id: int, held: Collection[int]) -> None:
    """Raises `NotAllowed` where a moderator means somebody of the staff.

    Discord's own order of roles does not help here: it is the bot that acts, and it stands above them.
    """
    account = User.objects.filter(discord_id=member_id).first()
    role = higher(account.role if account else "", people.guild_role(held))
    if role in STAFF and not actor.is_admin:
        raise NotAllowed(STAFF_ONLY_BY_ADMINS)


def note(kind: str, actor: User, member_id: int | None, member_name: str, detail: str) -> ModerationAction:
    with transaction.atomic():
        row = ModerationAction.objects.create(
            kind=kind, actor=actor, member_id=member_id, member_name=member_name[:100], detail=detail[:500]
        )
        # Whom it was done to is in its row, which an erasure can reach.
        record(f"discord.{kind}", "moderation_action", row.pk, actor_id=actor.pk)
    return row
