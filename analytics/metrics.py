"""The figures of the analytics that are read off the database; `collecting.buffering` counts the others."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from prometheus_client.core import Metric

from analytics.answers.sessions import online
from analytics.rollups.progress import last_run
from hazesite.metrics.registry import single, source


@source("analytics")
def figures() -> Iterable[Metric]:
    """Three queries."""
    ran = last_run()
    if ran is not None:
        age = (timezone.now() - ran).total_seconds()
        yield single("hazebot_analytics_last_rollup_seconds", "How long ago uses were last added up.", age)
    yield single("hazebot_people_online", "People seen within five minutes.", online()["online"])
