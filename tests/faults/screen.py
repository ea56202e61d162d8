"""What a right client makes of what it is told, and the strict account of each of its connections."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ABOUT_MESSAGES = ("new_message", "message_edited", "message_deleted")
Json = dict[str, Any]


class Violation(AssertionError):
    """The server broke a promise."""


def require(kept: bool, sentence: str) -> None:
    if not kept:
        raise Violation(sentence)


@dataclass
class Screen:
    """One ticket as a client shows it: every step once and in order (docs/realtime.md)."""

    seq: int = 0
    steps: list[tuple[int, int, str]] = field(default_factory=list)
    """`prev_seq`, `seq` and type of each step it applied."""
    messages: dict[str, Json] = field(default_factory=dict)
    facts: Json = field(default_factory=dict)

    def offer(self, event: Json) -> bool:
        """Apply what is new. False: something before it is missing."""
        if event["seq"] <= self.seq:
            return True
        if event["prev_seq"] > self.seq:
            return False
        self.steps.append((event["prev_seq"], event["seq"], event["type"]))
        self.seq = event["seq"]
        if event["type"] in ABOUT_MESSAGES:
            self.messages[event["data"]["id"]] = event["data"]
        else:
            self.facts |= event["data"]
        return True

    @property
    def texts(self) -> dict[str, str]:
        return {key: data["content"] for key, data in self.messages.items() if not data["deleted"]}


@dataclass
class Connection:
    """One ticket on one connection. A client could bear more than the server may do: here nothing is
    forgiven. After the history each step comes once, in order, without a gap.
    """

    name: str
    place: int
    """What was asked for with `after_seq`, then the last step that was told."""
    joined: bool = False
    specific: int = 0

    def history(self, frame: Json) -> list[Json]:
        """The steps in a `message_history`."""
        for event in frame["events"]:
            self._follows(event, "in the history")
        require(
            frame["last_seq"] >= self.place, f"{self.name}: the history ends before its last step: {frame}"
        )
        self.place, self.joined = frame["last_seq"], True
        return list(frame["events"])

    def about_message(self, kind: str, frame: Json) -> None:
        self._is_next(frame, kind)
        require(self.specific < frame["seq"], f"{self.name}: {kind} {frame['seq']} came twice")
        self.specific = frame["seq"]

    def update(self, frame: Json) -> Json:
        """The step in a `ticket_update`."""
        kind = frame["event_type"]
        self._follows(frame, kind)
        if kind in ABOUT_MESSAGES:
            require(
                self.specific == self.place, f"{self.name}: no {kind} came before its update {self.place}"
            )
        return {**frame, "type": kind, "at": frame["timestamp"]}

    def _follows(self, frame: Json, kind: str) -> None:
        self._is_next(frame, kind)
        self.place = frame["seq"]

    def _is_next(self, frame: Json, kind: str) -> None:
        prev, seq = frame["prev_seq"], frame["seq"]
        sentence = f"{self.name}: {kind} {seq} (after {prev}) came after {self.place}"
        require(prev == self.place < seq, sentence)
        require(self.joined or "history" in kind, f"{sentence}, before the history")


@dataclass
class InboxConnection:
    """All tickets on one connection of an inbox: from the first step it tells of, each once and in order."""

    name: str
    places: dict[str, int] = field(default_factory=dict)

    def update(self, frame: Json) -> None:
        ticket, prev, seq = frame["ticket_id"], frame["prev_seq"], frame["seq"]
        place = self.places.setdefault(ticket, prev)
        require(prev == place < seq, f"{self.name}: step {seq} (after {prev}) of {ticket} came after {place}")
        self.places[ticket] = seq
