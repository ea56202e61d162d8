"""Plain lines, `[2026-01-31 13:37] name: text`, in UTC."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from tickets.models import Message
from tickets.transcripts.conversations import Conversation, lines

CONTINUED = "\n    "


def text(conversations: list[Conversation]) -> Iterator[str]:
    for number, conversation in enumerate(conversations):
        ticket = conversation.ticket
        heading = _("Merged: ticket") if number else _("Ticket")
        yield "\n" if number else ""
        yield f"{heading} #{ticket.pk}: {_plain(ticket.subject)}\n"
        yield _("Owner: {name}. Status: {status}. Times are UTC.").format(
            name=_plain(ticket.owner.username), status=ticket.get_status_display()
        )
        yield "\n\n"
        for portion in conversation.portions():
            for line in lines(portion):
                said = _said(line.message) if line.message else f"* {_plain(line.sentence)}"
                yield f"[{_minute(line.event.at)}] {said}\n"


def _said(message: Message) -> str:
    marks = [_("staff")] if message.by_staff else []
    marks += [_("note")] if message.is_note else []
    marks += [_("edited")] if message.edited_at else []
    name = _plain(message.author.username) + (f" ({', '.join(marks)})" if marks else "")
    files = [f"[{file['name']}, {filesizeformat(file['size'])}]" for file in message.attached]
    # Continued lines are indented: nobody writes a line that looks like somebody else's.
    return f"{name}: {CONTINUED.join(_plain(part) for part in [*message.content.splitlines(), *files])}"


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def _plain(line: str) -> str:
    """Nothing that moves a terminal's cursor or turns the direction of reading."""
    return "".join(
        letter for letter in line if letter == "\t" or unicodedata.category(letter) not in ("Cc", "Cf")
    )
