"""Asking what may hang, with a deadline, in threads that are never more than the lanes.

A lane is one thread that asks its questions one after the other. Whoever asks while it is under way waits for
the same answers: a thousand probes cost as much as one, and a database that is stuck costs one thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import close_old_connections

logger = structlog.get_logger(__name__)
NO_ANSWER = "No answer within a second"
Question = Callable[[], Any]


@dataclass(frozen=True)
class Answer:
    """`error` is None where there is a `value`; `seconds`: how long it took."""

    value: Any = None
    error: Exception | None = None
    seconds: float = 0.0


class Unanswered(Exception):
    """Not in time."""


@dataclass
class _Round:
    began: float = field(default_factory=time.monotonic)
    answers: dict[str, Answer] = field(default_factory=dict)
    done: Future[None] = field(default_factory=Future)


class Lane:
    def __init__(self, name: str) -> None:
        self.name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"health-{name}")
        self._round: _Round | None = None

    def begin(self, questions: Mapping[str, Question]) -> _Round:
        """A new round, or the one that is under way."""
        current = self._round
        if current is None or current.done.done():
            current = self._round = _Round()
            current.done = self._thread.submit(_ask, current, dict(questions))
        return current


def _ask(current: _Round, questions: Mapping[str, Question]) -> None:
    close_old_connections()
    try:
        for name, question in questions.items():
            started = time.monotonic()
            try:
                value, error = question(), None
            except Exception as raised:
                value, error = None, raised
            current.answers[name] = Answer(value, error, time.monotonic() - started)
    finally:
        close_old_connections()


_lanes: dict[str, Lane] = {}


@dataclass(frozen=True)
class Asked:
    """Questions by lane."""

    questions: Mapping[str, Mapping[str, Question]]

    async def answers(self, seconds: float) -> dict[str, Answer]:
        """Those of all within `seconds`; what is missing by then is `Unanswered`."""
        began, rounds = time.monotonic(), self._begin()
        waiting = [asyncio.wrap_future(current.done) for current in rounds.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=seconds)
        return self._gathered(rounds, began - seconds)

    def _begin(self) -> dict[str, _Round]:
        return {
            name: _lanes.setdefault(name, Lane(name)).begin(questions)
            for name, questions in self.questions.items()
        }

    def _gathered(self, rounds: Mapping[str, _Round], not_before: float) -> dict[str, Answer]:
        found = {}
        for lane, questions in self.questions.items():
            # What a round said before it got stuck is not how things are now.
            known = rounds[lane].answers if rounds[lane].began >= not_before else {}
            for name in questions:
                found[name] = known.get(name) or Answer(error=Unanswered(NO_ANSWER), seconds=float("inf"))
        return found
