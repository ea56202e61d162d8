"""Whether both sides hold the same: every message once, in order, as it was last said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.bot.faults.people import Ticket
from tests.bot.town import JSON

DESCRIPTION = "Since this morning nothing happens."  # as tickets of the tests begin
Line = tuple[str, str]
"""Who, and a word or the name of a file."""


def wrongs(ticket: Ticket) -> list[str]:
    """Sentences; none when everything is as it should be."""
    site, there = at_the_site(ticket), in_discord(ticket)
    ours = _words(one for one in site if one["source"] != "discord")
    theirs = _words(one for one in site if one["source"] == "discord")
    shown = _shown(one for one in there if one["webhook_id"])
    written = _shown(one for one in there if one["author_id"] in ticket.town.people.values())
    description = len(DESCRIPTION.split())
    return [
        *_different("the site has what was said", _known(ticket), Counter(map(_line, site))),
        *_different("Discord shows the site's, in order", ours, shown[description:]),
        *_different("the site shows Discord's, in order", written, theirs),
        *_different("claims are told once", ticket.claims, _claims(there)),
    ]


def _different(rule: str, one: Any, other: Any) -> list[str]:
    return [] if one == other else [f"{rule}:\n    {_first_of(one, other)}"]


def _first_of(one: Any, other: Any) -> str:
    """Where they part."""
    if isinstance(one, Counter):
        return f"missing {[key[:2] for key in one - other]}, too many {[key[:2] for key in other - one]}"
    if isinstance(one, int):
        return f"{one} and {other}"
    parted = (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    at = next(parted, min(len(one), len(other)))
    around = slice(max(0, at - 6), at + 12)
    return f"{len(one)} and {len(other)}, from {at}: {one[around]} / {other[around]}"


def at_the_site(ticket: Ticket) -> list[JSON]:
    client = ticket.town.client("moira")
    path = f"/api/tickets/{ticket.ticket_id}/messages"
    messages = client.get(path, params={"limit": 200}).raise_for_status().json()["messages"]
    return list(messages)[1:]  # without the description


def in_discord(ticket: Ticket) -> list[JSON]:
    return ticket.town.discord.people.messages(ticket.place)


def _line(message: JSON) -> tuple[str, str, tuple[str, ...]]:
    return (
        message["author_name"],
        message["content"],
        tuple(one["name"] for one in message["attachments"]),
    )


def _known(ticket: Ticket) -> Counter[tuple[str, str, tuple[str, ...]]]:
    stands = [one for one in ticket.said if not one.deleted]
    return Counter((one.who, one.text, (one.file,) if one.file else ()) for one in stands)


def _words(messages: Iterable[JSON]) -> list[Line]:
    """Word by word: long texts are several messages in Discord."""
    lines: list[Line] = []
    for one in messages:
        files = [file["name"] for file in one["attachments"]]
        lines += [(one["author_name"], word) for word in (*one["content"].split(), *files)]
    return lines


def _shown(messages: Iterable[JSON]) -> list[Line]:
    lines: list[Line] = []
    for one in messages:
        files = [file["filename"] for file in one["attachments"]]
        lines += [(one["author"], word) for word in (*one["content"].split(), *files)]
    return lines


def _claims(messages: list[JSON]) -> int:
    told = [one["content"] for one in messages if one["webhook_id"] is None]
    return sum("claimed this ticket" in one or "gave this ticket back" in one for one in told)
