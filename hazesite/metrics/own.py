"""The figures of the project package itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import Metric

from hazesite import query_counts
from hazesite.heartbeats import services as heartbeats
from hazesite.jobs import services as jobs
from hazesite.metrics.counters import before_reading, counter, gauge
from hazesite.metrics.registry import family, single, source
from hazesite.outgoing import services as outgoing
from hazesite.realtime.hub import hub

_queries = counter("hazebot_database_queries", "What the database was asked.", ("result",))
_connections = counter("hazebot_database_connections", "Connections to the database.", ("event",))
_sockets = gauge("hazebot_sockets_open", "Open sockets of signed-in people.", ("kind",))
_told = Counter[str]()


@before_reading
def tell_queries() -> None:
    found = query_counts.figures()
    _add(_queries.labels("ok"), "ok", found.total_queries - found.failed_queries)
    _add(_queries.labels("failed"), "failed", found.failed_queries)
    _add(_connections.labels("opened"), "opened", found.connections_created)
    _add(_connections.labels("closed"), "closed", found.connections_closed)


def _add(child: object, name: str, value: int) -> None:
    if value > _told[name]:
        child.inc(value - _told[name])  # type: ignore[attr-defined]
        _told[name] = value


@before_reading
def tell_sockets() -> None:
    kinds = Counter(sink.kind for sink in tuple(hub.sinks))
    for kind in ("socketio", "websocket"):
        _sockets.labels(kind).set(kinds[kind])


@source("jobs")
def job_figures() -> Iterable[Metric]:
    found = jobs.standing()
    states = {("waiting",): found.waiting, ("due",): found.due, ("running",): found.running}
    yield family("hazebot_jobs", "Jobs that are not done.", ("state",), states | {("given_up",): found.dead})
    yield single(
        "hazebot_jobs_oldest_due_seconds", "How long a due job waits, at most.", found.oldest_seconds
    )


@source("outgoing")
def outgoing_figures() -> Iterable[Metric]:
    states, ages = {}, {}
    for name, line in outgoing.backlog().items():
        ages[(name,)] = line.oldest_seconds
        for state in ("queued", "failed", "due", "given_up"):
            states[name, state] = float(getattr(line, state))
    about = "What is to go out and was not sent yet, or never will be."
    yield family("hazebot_outgoing", about, ("transport", "state"), states)
    about = "How long what is due to go out waits, at most."
    yield family("hazebot_outgoing_oldest_due_seconds", about, ("transport",), ages)


@source("workers")
def worker_figures() -> Iterable[Metric]:
    yield single("hazebot_workers", "Workers seen lately.", heartbeats.seen("worker").alive)
