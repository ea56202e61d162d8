"""Telling the rest of the site that something happened.

A service publishes an event inside its transaction. Two things follow:

* subscribers run at once, in the same transaction. They only INSERT rows (a delivery to send, a job),
  so either everything is stored or nothing is;
* whoever is looking at a screen is told after the commit. A frame that gets lost is harmless: the hub
  compares its place in each stream with the database and repairs what is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import transaction

from hazesite.realtime import bus
from hazesite.realtime.publication import Publication


@dataclass(frozen=True)
class Event:
    """Something that happened, in plain JSON values."""

    type: ClassVar[str]


E = TypeVar("E", bound=Event)
_subscribers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(*event_classes: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Call the decorated function, inside the transaction, for each event of these classes."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        for event_class in event_classes:
            _subscribers[event_class].append(handler)
        return handler

    return register


def publish(event: Event, *publications: Publication) -> None:
    """Run the subscribers now, show the publications to screens after the commit."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{event.type} was published outside of a transaction")
    for handler in _subscribers[type(event)]:
        handler(event)
    show(*publications)


def show(*publications: Publication) -> None:
    """After the commit (at once outside of a transaction), tell those who look. Best effort."""
    for publication in publications:
        transaction.on_commit(lambda shown=publication: bus.send(shown), robust=True)  # type: ignore[misc]
