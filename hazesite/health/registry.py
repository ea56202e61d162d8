"""The checks, and what they may say. Each app registers its own in `ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OK, WARNING, ERROR = "ok", "warning", "error"
WARNING_PERCENT, ERROR_PERCENT = 90.0, 95.0
DEADLINE_SECONDS = 1.0
DATABASE = "database"
"""The lane of checks that ask the database: one after the other, on one connection."""


@dataclass(frozen=True)
class Result:
    """`facts` are shown beside the status: no secrets, everybody may read them."""

    status: str
    facts: dict[str, Any]


def ok(**facts: Any) -> Result:
    return Result(OK, facts)


def warning(message: str = "", **facts: Any) -> Result:
    """Somebody should look."""
    return Result(WARNING, facts | ({"message": message} if message else {}))


def error(message: str = "", **facts: Any) -> Result:
    """Something does not work."""
    return Result(ERROR, facts | ({"message": message} if message else {}))


def by_usage(percent: float, **facts: Any) -> Result:
    """A warning from 90 %, an error from 95."""
    status = ERROR if percent >= ERROR_PERCENT else WARNING if percent >= WARNING_PERCENT else OK
    return Result(status, {"usage_percent": round(percent, 1), **facts})


def by_age(seconds: float, warn_after: float, fail_after: float, message: str, **facts: Any) -> Result:
    """How long something has been waiting; `message` says what, when it is too long."""
    told = facts | {"oldest_seconds": round(seconds, 1)}
    if seconds >= fail_after:
        return error(message, **told)
    return warning(message, **told) if seconds >= warn_after else ok(**told)


Look = Callable[[], Result]
Probe = Callable[[], str]


@dataclass(frozen=True)
class Check:
    look: Look
    lane: str
    deadline: float


CHECKS: dict[str, Check] = {}
"""Shown by `/api/health?detailed=true`, in this order."""
READINESS: dict[str, Probe] = {}
"""Without these nothing can be served: shown by `/health/ready`."""


def check(name: str, *, lane: str = "", deadline: float = DEADLINE_SECONDS) -> Callable[[Look], Look]:
    """The decorated function says how something is; what it raises, or takes too long for, is an error.

    `lane`: checks of one lane run one after the other in one thread; by default each has its own. One that
    asks the database is in the lane `DATABASE` and costs one or two queries, whatever the tables hold.
    """

    def register(look: Look) -> Look:
        CHECKS[name] = Check(look, lane or name, min(deadline, DEADLINE_SECONDS))
        return look

    return register


def critical(name: str) -> Callable[[Probe], Probe]:
    """While the decorated function raises, this process is not ready. It gives a sentence for people.

    The sentence of a `RuntimeError` is shown to everybody, that of other errors to nobody.
    """

    def register(probe: Probe) -> Probe:
        READINESS[name] = probe
        return probe

    return register
