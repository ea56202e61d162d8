"""Counters, gauges and histograms of this process. Apps make their own with these, once, at import.

Names begin with `hazebot_`. A label has few values: a route and never a path, a kind of error and never its
text.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from prometheus_client import CollectorRegistry, disable_created_metrics, values
from prometheus_client import Counter as _Counter
from prometheus_client import Gauge as _Gauge
from prometheus_client import Histogram as _Histogram

from hazesite.metrics import folder
from hazesite.pulse import on_beat

OURS = CollectorRegistry()
MAX_REASONS = 100
OTHER = "other"
Flush = Callable[[], None]
_flushes: list[Flush] = []
_flushing = threading.Lock()


def _keep_in_files() -> Path | None:
    """Where this process counts together with the others of the site; None: for itself, in memory."""
    kind, where = folder.kind_of(sys.argv), Path(settings.DATA_DIR) / "metrics"
    name = folder.join(where, kind) if kind else None
    if name is None:
        return None
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(where)
    values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]
    return where


disable_created_metrics()  # type: ignore[no-untyped-call]
FOLDER = _keep_in_files()


def counter(name: str, about: str, labels: Sequence[str] = ()) -> _Counter:
    """`name` without `_total`, which is added."""
    return _Counter(name, about, labels, registry=OURS)


def gauge(name: str, about: str, labels: Sequence[str] = ()) -> _Gauge:
    """The sum of what all living processes say."""
    return _Gauge(name, about, labels, registry=OURS, multiprocess_mode="livesum")


def histogram(name: str, about: str, labels: Sequence[str], buckets: Sequence[float]) -> _Histogram:
    return _Histogram(name, about, labels, registry=OURS, buckets=buckets)


def before_reading(flush: Flush) -> Flush:
    """The decorated function is called before this process's figures are read, and every few seconds.

    For what is too hot to be counted where it happens.
    """
    _flushes.append(flush)
    return flush


@on_beat
def flush() -> None:
    with _flushing:
        for work in _flushes:
            work()


class Reasons:
    """Makes labels of sentences about failures: no numbers, nothing after a colon, and not too many."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def label(self, sentence: str) -> str:
        words = re.sub(r"\d{4,}", "…", sentence.partition(":")[0].strip())[:80]
        if words not in self._known and len(self._known) >= MAX_REASONS:
            return OTHER
        self._known.add(words)
        return words
