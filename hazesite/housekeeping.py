"""What is done now and then: each app registers its chores, `manage.py housekeeping` does them all."""

from __future__ import annotations

from collections.abc import Callable

Chore = Callable[[], int]
CHORES: list[Chore] = []


def chore(work: Chore) -> Chore:
    """The decorated function is idempotent and returns how many rows it cleared away."""
    CHORES.append(work)
    return work
