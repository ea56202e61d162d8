"""What the bot keeps of a person: the words it carried to Discord, and what moderators did there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from bot.models import MirroredMessage, ModerationAction
from hazesite import personal_data
from hazesite.personal_data import Part, Rows, Trace

PORTION = 500


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    said = MirroredMessage.objects.filter(message__author=person.pk)
    yield "in_discord", said.values("message_id", "discord_id", "from_discord", "text").iterator()
    done = ModerationAction.objects.filter(member_id=person.discord_id or 0)
    yield "moderation", done.values("kind", "member_name", "detail", "at").iterator()


def erase(trace: Trace) -> int:
    """That a message there is one of ours stays known: else it would be taken in anew."""
    return _texts(trace) or _moderation(trace)


def _texts(trace: Trace) -> int:
    """Where others' words are in other words by now, empty is different, and the bot says them anew."""
    person = trace.person
    theirs = Q(message__author=person.pk)
    if person.username != trace.alias:
        theirs |= Q(text__contains=person.username) & (
            Q(message__ticket__owner=person.pk) | Q(text__contains="@")
        )
    if person.discord_id:
        theirs |= Q(text__contains=f"{person.discord_id}>")
    keys = list(
        MirroredMessage.objects.filter(theirs).exclude(text="").values_list("pk", flat=True)[:PORTION]
    )
    return MirroredMessage.objects.filter(pk__in=keys).update(text="") if keys else 0


def _moderation(trace: Trace) -> int:
    theirs = ModerationAction.objects.filter(member_id=trace.person.discord_id or 0)
    return theirs.update(member_id=None, member_name="", detail="")


def register() -> None:
    held = ("bot.MirroredMessage", "bot.ModerationAction")
    personal_data.register(Part("discord", held, export, erase, turn=1))
    places = ("bot.Mirror", "bot.Webhook", "bot.PostedMessage")
    personal_data.not_personal("Channels and messages of the bot, nobody's own", *places)
