"""`/metrics`: everything together, as text. What cannot be read in time is left out, and said so."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import psutil
import structlog
from django.conf import settings
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from hazesite.health.lanes import Answer, Asked
from hazesite.metrics import folder
from hazesite.metrics.counters import FOLDER, OURS, flush
from hazesite.metrics.folder import Process
from hazesite.metrics.registry import SOURCES, Source, family

logger = structlog.get_logger(__name__)
CONTENT_TYPE = CONTENT_TYPE_LATEST
SOURCE_SECONDS, TEXT_SECONDS = 1.0, 3.0
BEGIN_SECONDS = 60.0
"""Within which a process has begun to count after it was started."""


async def text() -> bytes | None:
    """None when even this process's own figures cannot be put together in time."""
    sources = {name: partial(_read, read) for name, read in SOURCES.items()}
    answers = await Asked({"metrics": sources}).answers(SOURCE_SECONDS)
    made = await Asked({"metrics-text": {"text": partial(_text, answers)}}).answers(TEXT_SECONDS)
    if (trouble := made["text"].error) is not None:
        logger.warning("metrics_not_made", error=repr(trouble), exc_info=trouble)
        return None
    found: bytes = made["text"].value
    return found


def _read(read: Source) -> list[Metric]:
    return list(read())


def _text(answers: Mapping[str, Answer]) -> bytes:
    flush()
    site = CollectorRegistry()
    site.register(_Given([*_told(answers), _info()]))
    parts = [generate_latest(site)]
    for _attempt in range(3):
        try:
            parts.append(generate_latest(_counted()))
            break
        except FileNotFoundError:  # a dead process's counts were just taken away
            continue
    return b"".join(parts)


class _Given(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _told(answers: Mapping[str, Answer]) -> Iterable[Metric]:
    up: dict[tuple[str, ...], float] = {}
    for name, answer in answers.items():
        up[(name,)] = float(answer.error is None)
        if answer.error is None:
            yield from answer.value
        else:
            logger.warning("metrics_source_failed", source=name, error=repr(answer.error))
    yield family("hazebot_source_up", "Whether these figures could be read.", ("source",), up)


def _info() -> Metric:
    about = {"version": settings.VERSION, "environment": settings.ENVIRONMENT}
    return InfoMetricFamily("hazebot", "What runs here.", value=about)


def _counted() -> CollectorRegistry:
    """What the processes of the site counted, and how large they are."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    if FOLDER is None:
        registry.register(_Given(OURS.collect()))
        return registry
    alive = folder.living(FOLDER)
    MultiProcessCollector(registry, str(FOLDER))  # type: ignore[no-untyped-call]
    registry.register(_Given(_processes(alive)))
    return registry


def _processes(alive: Iterable[Process]) -> list[Metric]:
    labels = ("process", "pid")
    memory = GaugeMetricFamily("hazebot_process_memory_bytes", "Resident memory.", labels=labels)
    busy = GaugeMetricFamily("hazebot_process_cpu_seconds", "Processor time so far.", labels=labels)
    for process in alive:
        found = _measured(process)
        if found is not None:
            memory.add_metric((process.kind, str(process.pid)), found[0])
            busy.add_metric((process.kind, str(process.pid)), found[1])
    return [memory, busy]


def _measured(process: Process) -> tuple[float, float] | None:
    """None for one that cannot be seen from here: that of another container, say."""
    try:
        if process.host != socket.gethostname():
            return None
        found = psutil.Process(process.pid)
        with found.oneshot():
            if abs(found.create_time() - process.began) > BEGIN_SECONDS:
                return None
            times: Any = found.cpu_times()
            return float(found.memory_info().rss), float(times.user + times.system)
    except psutil.Error:
        return None
