"""What the bot writes: long texts in parts, names as Discord allows them, a line for each step."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from discord.utils import escape_markdown

from accounts.models import User
from tickets.models import Message, TicketEvent

MOST = 2000
FILES_FROM = 20
"""Numbers of parts: texts may become more or fewer by an edit, the files behind them stay what they are."""
FORBIDDEN_NAMES = re.compile(r"(d)(iscord)|(c)(lyde)", re.IGNORECASE)
WORD_JOINER = "\u2060"


def parts_of(content: str, most: int = MOST) -> list[str]:
    """The text in pieces that Discord takes, broken at lines or blanks where there are any."""
    parts = []
    while len(content) > most:
        at = max(content.rfind("\n", most // 2, most), content.rfind(" ", most // 2, most))
        at = at if at > 0 else most
        parts.append(content[:at])
        content = content[at:].lstrip(" ") if content[at : at + 1] == " " else content[at:].removeprefix("\n")
    return [*parts, content] if content.strip() else parts


def shown_name(user: User) -> str:
    """1 to 80 characters, and without the words Discord keeps for itself."""
    name = user.username.strip()[:78] or user.user_id
    return FORBIDDEN_NAMES.sub(
        lambda found: f"{found[1] or found[3]}{WORD_JOINER}{found[2] or found[4]}", name
    )


def plain(text: str) -> str:
    """Text of a person inside a sentence of the bot: it formats nothing."""
    return escape_markdown(text)


def _who(event: TicketEvent) -> str:
    return f"**{plain(event.actor.username)}**" if event.actor else "The clock"


def _assigned(event: TicketEvent, names: dict[str, str]) -> str:
    assignee = event.facts.get("assigned_to")
    if assignee is None:
        return f"📌 {_who(event)} assigned this ticket to nobody."
    return f"📌 {_who(event)} assigned this ticket to **{plain(names.get(assignee, assignee))}**."


def _updated(event: TicketEvent, _names: dict[str, str]) -> str:
    facts = event.facts
    said = [f"{name}: {plain(str(facts[name]))}" for name in ("priority", "type") if name in facts]
    if "tags" in facts:
        said.append(f"tags: {plain(', '.join(facts['tags']) or 'none')}")
    return f"🏷️ {_who(event)} set {'; '.join(said)}." if said else ""


def _simple(sentence: str) -> Callable[[TicketEvent, dict[str, str]], str]:
    return lambda event, _names: sentence.format(who=_who(event), **_score(event.facts))


def _score(facts: dict[str, Any]) -> dict[str, Any]:
    return {"score": facts.get("score", "?")}


LINES: dict[str, Callable[[TicketEvent, dict[str, str]], str]] = {
    TicketEvent.Type.CLAIMED: _simple("🙋 {who} claimed this ticket."),
    TicketEvent.Type.UNCLAIMED: _simple("↩️ {who} gave this ticket back."),
    TicketEvent.Type.ASSIGNED: _assigned,
    TicketEvent.Type.CLOSED: _simple("🔒 {who} closed this ticket."),
    TicketEvent.Type.REOPENED: _simple("🔓 {who} opened this ticket again."),
    TicketEvent.Type.UPDATED: _updated,
    TicketEvent.Type.TRANSFERRED: _simple("➡️ {who} handed this ticket over."),
    TicketEvent.Type.MERGED: _simple("🔗 {who} merged this ticket into another."),
    TicketEvent.Type.RATED: _simple("⭐ {who} rated this ticket: {score} of 5."),
    TicketEvent.Type.REMINDED: _simple("⏰ An answer is awaited here; the ticket closes without one."),
}


def line_of(event: TicketEvent, names: dict[str, str]) -> str:
    """What the bot says of this step; empty for what is shown in another way. `names` by user id."""
    write = LINES.get(event.type)
    return write(event, names) if write else ""


def quoted_edit(message: Message) -> str:
    """For words that came from Discord and were changed here: nobody may edit another's message there."""
    return f"✏️ **{plain(message.author.username)}** changed this to:\n{message.content}"
