"""Who is named in a message: `@name`, or `<@id>` as Discord writes it."""

from __future__ import annotations

import re

from django.db.models import Q

from accounts.models import User
from tickets.models import Mention, Message, Ticket

NAMED = re.compile(r"(?<![\w@.])@([\w.@+-]{1,150})|<@!?(\d{15,20})>")
MOST = 20


def mentioned_in(ticket: Ticket, author: User, content: str, *, is_note: bool) -> list[User]:
    """The people named in it who may see it, without its author. A query only where there is an @."""
    names, ids = _named(content)
    if not names and not ids:
        return []
    people = User.objects.filter(
        Q(username__in=names) | Q(discord_id__in=ids), is_active=True, is_service=False
    )
    return [user for user in people.order_by("pk") if user.pk != author.pk and _sees(user, ticket, is_note)]


def _named(content: str) -> tuple[set[str], set[int]]:
    names, ids = set[str](), set[int]()
    if "@" in content:
        for name, discord_id in NAMED.findall(content)[:MOST]:
            # A full stop after a name belongs to the sentence, or to the name.
            names |= {name, name.rstrip(".@+-")} - {""}
            ids |= {int(discord_id)} if discord_id and int(discord_id) < 2**63 else set()
    return names, ids


def _sees(user: User, ticket: Ticket, is_note: bool) -> bool:
    return user.is_staff or (user.pk == ticket.owner_id and not is_note)


def store_mentions(message: Message, people: list[User]) -> None:
    """In place of those it had before."""
    message.mention_rows.exclude(user__in=people).delete()
    rows = [Mention(message=message, user=user) for user in people]
    Mention.objects.bulk_create(rows, ignore_conflicts=True)
