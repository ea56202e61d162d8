"""What each type of monitor needs, as far as its settings go: asked by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitoring.types import types
from monitoring.types.dns import RECORDS
from monitoring.types.web import COMPARISONS

__all__ = ["COMPARISONS", "RECORDS", "checked_options", "connects", "names", "needs", "usual_port"]


def names() -> list[str]:
    return list(types())


def needs(name: str) -> Sequence[str]:
    return types()[name].needs


def connects(name: str) -> bool:
    return types()[name].connects


def usual_port(name: str) -> int:
    return types()[name].usual_port


def checked_options(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Raises `DoesNotFit`."""
    return types()[name].clean_options(given)
