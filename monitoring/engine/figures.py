"""What the engine says of itself: for `/metrics`, and once a minute for the log."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from prometheus_client.core import Metric

from hazesite.heartbeats import services as heartbeats
from hazesite.metrics.counters import counter, gauge, histogram
from hazesite.metrics.registry import family, single, source
from monitoring.services.condition import condition

KEPT = 2000
"""Of how many checks the percentiles of the lag are told."""
checks = counter("hazebot_monitor_checks", "Checks that were made, by what they found.", ("status",))
missed = counter("hazebot_monitor_missed_slots", "Slots of the grid at which nobody checked.")
dropped = counter("hazebot_monitor_dropped_results", "Results that were not stored.", ("reason",))
lag = histogram(
    "hazebot_monitor_lag_seconds",
    "How long after its slot a check began.",
    (),
    (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
in_hand = gauge("hazebot_monitor_in_hand", "Monitors that engines hold.", ("state",))
percentiles = gauge("hazebot_monitor_lag_recent_seconds", "The lag of the last checks.", ("quantile",))


class Lags:
    """The last lags of this engine, for their percentiles."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=KEPT)

    def add(self, seconds: float) -> None:
        self._last.append(seconds)
        lag.observe(seconds)

    def percentile(self, share: float) -> float:
        ordered = sorted(self._last)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def tell(self) -> dict[str, float]:
        found = {"p50": self.percentile(0.5), "p99": self.percentile(0.99)}
        for name, seconds in found.items():
            percentiles.labels(name).set(seconds)
        return {name: round(seconds * 1000, 1) for name, seconds in found.items()}


@source("monitors")
def monitor_figures() -> Iterable[Metric]:
    now = condition()
    yield family("hazebot_monitors", "Monitors, by how they stand.", ("status",), now.by_status)
    about = "How long the check that waits longest is due."
    yield single("hazebot_monitor_oldest_due_seconds", about, now.oldest_due_seconds)
    yield single("hazebot_checkers", "Engines seen lately.", heartbeats.seen("checker").alive)
