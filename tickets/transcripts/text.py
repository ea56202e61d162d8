"""Plain lines, `[2026-01-31 13:37] name: text`, in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from tickets.models import Message, Ticket
from tickets.transcripts.conversations import Conversation, lines
from tickets.transcripts.wording import shown

MOVING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CONTINUED = "\n    "


def text(conversations: list[Conversation]) -> Iterator[str]:
    for number, conversation in enumerate(conversations):
        yield "\n" if number else ""
        yield _("Merged:") + " " if number else ""
        yield _heading(conversation.ticket)
        for portion in conversation.portions():
            for line in lines(portion):
                said = _said(line.message) if line.message else f"* {_plain(line.sentence)}"
                yield f"[{_minute(line.event.at)}] {said}\n"


def _heading(ticket: Ticket) -> str:
    who = _("Owner: {name}. Status: {status}. Times are UTC.")
    who = who.format(name=_plain(ticket.owner.username), status=ticket.get_status_display())
    answers = [f"{answer['label']}: {shown(answer['value'])}" for answer in ticket.answers]
    return "\n".join([f"#{ticket.pk} {_plain(ticket.subject)}", who, *map(_plain, answers)]) + "\n\n"


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
    return MOVING.sub("", line)
