"""What the site knows of a person, app by app: each registers its part in `ready()`.

A part says which models hold personal data, hands them out, and erases them. A model that refers to people
and belongs to no part is named by `not_personal`, with the reason; a test finds those that are neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Person(Protocol):
    """A `User`; this package knows no apps."""

    pk: Any
    user_id: str
    username: str
    discord_id: int | None


@dataclass(frozen=True)
class Trace:
    """Somebody who is being erased, and what stands in the place of their name afterwards."""

    person: Person
    alias: str
    user_id: str
    """Theirs from then on: another one where the old one was their id at Discord."""


Rows = Iterable[Mapping[str, object]]


def nothing_more() -> None:
    """For parts that have nothing to do at the end."""


@dataclass(frozen=True)
class Part:
    """`export` gives lists of plain rows by name. `erase` does one portion, in a transaction of its own, and
    returns how many things it erased: 0 when nothing is left. It may be run again at any time, also for
    somebody who was erased already. `finish` follows at the end. Parts go by `turn`.
    """

    name: str
    models: Collection[str]
    export: Callable[[Any], Iterable[tuple[str, Rows]]]
    erase: Callable[[Trace], int]
    finish: Callable[[], None] = nothing_more
    turn: int = 0


LAST = 9
"""The turn of the account itself: until then everybody knows whom it is about."""
PARTS: dict[str, Part] = {}
EXCUSED: dict[str, str] = {}
"""Models that refer to people and hold nothing personal, with the reason."""


def register(part: Part) -> None:
    PARTS[part.name] = part


def not_personal(reason: str, *models: str) -> None:
    EXCUSED.update(dict.fromkeys(models, reason))


def parts() -> list[Part]:
    return sorted(PARTS.values(), key=lambda part: part.turn)
