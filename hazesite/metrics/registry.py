"""Figures that are read off the database when somebody scrapes. Each app registers its own in `ready()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

Source = Callable[[], Iterable[Metric]]
SOURCES: dict[str, Source] = {}


def source(name: str) -> Callable[[Source], Source]:
    """The decorated function gives families of figures (`single`, `family`).

    It costs one or two queries, whatever the tables hold. While it fails or takes too long its figures are
    missing, and `hazebot_source_up{source="name"}` is 0.
    """

    def register(read: Source) -> Source:
        SOURCES[name] = read
        return read

    return register


def single(name: str, about: str, value: float) -> GaugeMetricFamily:
    """One figure without labels."""
    return GaugeMetricFamily(name, about, value=value)


def family(name: str, about: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> GaugeMetricFamily:
    """A figure for each combination of labels, which are tuples of text."""
    made = GaugeMetricFamily(name, about, labels=labels)
    for key, value in values.items():
        made.add_metric(key, value)
    return made
