"""The checks of the project package itself."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.cache import cache

from hazesite.health import machine
from hazesite.health.registry import DATABASE, Result, by_age, by_usage, check, error, ok, warning
from hazesite.heartbeats import services as heartbeats
from hazesite.jobs import services as jobs
from hazesite.outgoing import services as outgoing

LATE, TOO_LATE = 60.0, 600.0
"""Seconds that something due may wait before somebody should look, and before it counts as broken."""
MANY_GIVEN_UP = 3
"""Within an hour. One is a job with a fault of its own, for the admin and the doctor; several mean more."""


@check("memory")
def memory() -> Result:
    used, available = machine.memory()
    return by_usage(used, available_gb=available)


@check("cpu")
def cpu() -> Result:
    """Until a whole minute was seen nothing is judged: a start keeps every processor busy."""
    used = machine.processors.percent()
    return by_usage(used) if machine.processors.is_known else ok(usage_percent=round(used, 1))


@check("disk")
def disk() -> Result:
    used, free = machine.disk()
    return by_usage(used, free_gb=free)


@check("cache")
def cache_keeps_what_it_is_given() -> Result:
    """Each asks with a word of its own, so that processes do not answer for each other."""
    kind = "redis" if settings.REDIS_URL else "simple"
    word = secrets.token_hex(8)
    try:
        cache.set(f"health:{word}", word, 10)
        found = cache.get(f"health:{word}")
        cache.delete(f"health:{word}")
    except Exception:
        return error("Not reachable", type=kind)
    return ok(type=kind) if found == word else error("It does not keep what it is given", type=kind)


@check("error_tracker")
def error_tracker() -> Result:
    return ok(enabled=bool(settings.ERROR_REPORTS))


@check("workers", lane=DATABASE)
def workers() -> Result:
    """None that ever said anything, or all stopped cleanly: they are switched off here."""
    seen = heartbeats.seen("worker")
    if seen.alive or seen.lost_seconds is None:
        return ok(count=seen.alive)
    return error(f"The last worker was seen {seen.lost_seconds:.0f} seconds ago", count=0)


@check("jobs", lane=DATABASE)
def jobs_are_done() -> Result:
    standing = jobs.standing()
    facts = {"due": standing.due, "given_up": standing.dead, "given_up_lately": standing.died_lately}
    age = by_age(standing.oldest_seconds, LATE, TOO_LATE, "Jobs are waiting for a worker", **facts)
    if age.status == "ok" and standing.died_lately >= MANY_GIVEN_UP:
        return warning("Several jobs were given up within the last hour", **age.facts)
    return age


@check("outgoing", lane=DATABASE)
def what_goes_out_goes() -> Result:
    """What a receiver does not take is no trouble of ours, what nobody tries to send is."""
    lines = outgoing.backlog().values()
    facts = {"due": sum(line.due for line in lines), "given_up": sum(line.given_up for line in lines)}
    oldest = max((line.oldest_seconds for line in lines), default=0.0)
    return by_age(oldest, LATE, TOO_LATE, "Nobody sends what is due", **facts)
