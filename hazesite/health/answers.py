"""The answers to `/health/*` and `/api/health`, as status and body. None waits longer than a second."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from hazesite import query_counts
from hazesite.errors import Invalid
from hazesite.fields import AskedFlag
from hazesite.health import machine
from hazesite.health.lanes import NO_ANSWER, Answer, Asked, Question, Unanswered
from hazesite.health.registry import (
    CHECKS,
    DEADLINE_SECONDS,
    ERROR,
    OK,
    READINESS,
    WARNING,
    Check,
    Result,
    error,
)

logger = structlog.get_logger(__name__)
SERVICE = "HazeBot API"
FEW_ERRORS = 2
"""With more of them than this the site is unhealthy, and not only degraded."""
Body = dict[str, Any]
_started = time.monotonic()
LOG_SECONDS = 60.0
_logged: dict[str, float] = {}


PATHS = ("/health/live", "/health/ready", "/health/metrics", "/api/health")


async def respond(path: str, query: bytes = b"") -> tuple[int, Body]:
    """Status and body for one of `PATHS`. Raises `Invalid`."""
    if path == "/health/live":
        return live()
    if path == "/health/ready":
        return await ready()
    if path == "/health/metrics":
        return await metrics()
    return await detailed() if wants_detail(query.decode("latin-1")) else basic()


def wants_detail(query: str) -> bool:
    """Raises `Invalid` for what is neither yes nor no."""
    said = parse_qs(query, keep_blank_values=True).get("detailed", ["false"])[-1]
    try:
        return AskedFlag().to_internal_value(said)
    except ValidationError as error:
        raise Invalid(fields={"detailed": [_("Must be true or false.")]}) from error


def live() -> tuple[int, Body]:
    """This process answers. No input, no output."""
    return 200, {"status": "alive", **_now()}


async def ready() -> tuple[int, Body]:
    """Whether this process can serve: 200 or 503."""
    checks = await _readiness()
    is_ready = all(check["status"] == "healthy" for check in checks.values())
    return (200 if is_ready else 503), {
        "status": "ready" if is_ready else "not_ready",
        **_now(),
        "checks": checks,
    }


async def metrics() -> tuple[int, Body]:
    """Figures of the machine and of this process as JSON; `/metrics` has those of the whole site."""
    checks = await _readiness()
    up = {name: "up" if check["status"] == "healthy" else "down" for name, check in checks.items()}
    return 200, {
        **_now(),
        "system": machine.figures(),
        **_database(up["database"]),
        "redis": {"status": up["redis"]},
    }


def basic() -> tuple[int, Body]:
    return 200, {
        "status": OK,
        "timestamp": _now()["timestamp"],
        "service": SERVICE,
        "version": settings.VERSION,
        "environment": settings.ENVIRONMENT,
    }


async def detailed() -> tuple[int, Body]:
    """With every check that is registered; 503 unless all of them are well."""
    lanes: dict[str, dict[str, Question]] = defaultdict(dict)
    for name, check in CHECKS.items():
        lanes[check.lane][name] = check.look
    answers = await Asked(lanes).answers(DEADLINE_SECONDS)
    results = {name: _result(name, check, answers[name]) for name, check in CHECKS.items()}
    status = overall(results)
    checks = {name: {"status": result.status, **result.facts} for name, result in results.items()}
    return (200 if status == OK else 503), {**basic()[1], "status": status, "checks": checks}


def overall(results: dict[str, Result]) -> str:
    """`ok`, `degraded` (a warning, or one or two errors) or `unhealthy` (more)."""
    said = [result.status for result in results.values()]
    if said.count(ERROR) > FEW_ERRORS:
        return "unhealthy"
    return "degraded" if ERROR in said or WARNING in said else OK


def _result(name: str, check: Check, answer: Answer) -> Result:
    if answer.error is not None:
        _log(name, answer.error)
        return error(_sentence(answer.error))
    if answer.seconds > check.deadline:
        return error(f"It took longer than {check.deadline:g} s")
    result: Result = answer.value
    return result


async def _readiness() -> dict[str, dict[str, str]]:
    lanes: dict[str, dict[str, Question]] = {
        f"ready-{name}": {name: probe} for name, probe in READINESS.items()
    }
    answers = await Asked(lanes).answers(DEADLINE_SECONDS)
    return {name: _probed(name, answer) for name, answer in answers.items()}


def _probed(name: str, answer: Answer) -> dict[str, str]:
    if answer.error is None:
        return {"status": "healthy", "message": answer.value}
    _log(name, answer.error)
    return {"status": "unhealthy", "message": _sentence(answer.error)}


def _log(name: str, trouble: Exception) -> None:
    """Once a minute: everybody may ask, as often as they like."""
    now = time.monotonic()
    if now - _logged.get(name, -LOG_SECONDS) >= LOG_SECONDS:
        _logged[name] = now
        logger.warning("health_check_failed", check=name, error=repr(trouble))


def _sentence(trouble: Exception) -> str:
    """What everybody may read: an error of a library may tell addresses and names."""
    if isinstance(trouble, Unanswered):
        return NO_ANSWER
    return str(trouble) if type(trouble) is RuntimeError else "Not reachable"


def _database(status: str) -> Body:
    """Empty where the database's engine is not one of ours, which alone tell what there is to count."""
    if not query_counts.is_counting():
        return {}
    found = query_counts.figures()
    return {
        "database": {
            "connections_created": found.connections_created,
            "connections_closed": found.connections_closed,
            "total_queries": found.total_queries,
            "failed_queries": found.failed_queries,
            "success_rate": found.success_rate,
            "status": status,
        }
    }


def _now() -> Body:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"timestamp": now, "uptime_seconds": round(time.monotonic() - _started, 3)}
