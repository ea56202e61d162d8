"""What `manage.py doctor` says of the analytics. Nobody is woken by it: the app works without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from django.conf import settings
from django.db import connection
from django.utils import timezone
from geoip2.database import Reader

from analytics.collecting.buffering import EVENTS
from analytics.health import LATE
from analytics.models import FeatureUse
from analytics.rollups.progress import last_run
from hazesite import partitions
from hazesite.metrics.reading import counted
from hazesite.operations.doctor import Finding, doubtful, examination, well

READABLE = "Country", "City"


@examination("analytics")
def analytics() -> Iterator[Finding]:
    if not settings.ANALYTICS:
        yield well("analytics", "off (ANALYTICS): nothing is collected")
        return
    yield _added_up()
    yield _dropped()
    if connection.vendor == "postgresql":
        yield _partitions()


def _added_up() -> Finding:
    ran = last_run()
    if ran is None:
        return well("analytics", "nothing was added up yet: the first time is within five minutes")
    minutes = (timezone.now() - ran).total_seconds() / 60
    if timezone.now() - ran > LATE:
        advice = "A worker does it every five minutes: see that one runs, or let cron run manage.py rollup."
        return doubtful("analytics", f"nothing was added up for {minutes:.0f} min", advice)
    return well("analytics", f"added up {minutes:.0f} min ago")


def _dropped() -> Finding:
    """By any process since the site was started."""
    results = counted(EVENTS, "result")
    dropped = {kind.removeprefix("dropped_"): int(n) for kind, n in results.items() if kind != "stored" and n}
    if not dropped:
        return well("uses", "none was dropped since the start")
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(dropped.items()))
    advice = "analytics.log says why (docs/analytics.md): the database was away for long, or is too slow."
    return doubtful("uses", f"{sum(dropped.values())} were dropped since the start ({told})", advice)


def _partitions() -> Finding:
    today, made = timezone.now().astimezone(UTC).date(), partitions.partitions(FeatureUse)
    if today in made:
        return well("days of uses", f"made until {max(made)}")
    advice = "Nothing is lost. A worker makes them every six hours, manage.py rollup at once."
    return doubtful("days of uses", "today has no partition", advice)


@examination("countries")
def countries() -> Iterator[Finding]:
    path = settings.GEOIP_DATABASE
    if not path:
        yield well("countries", "not looked up (GEOIP_DATABASE)")
        return
    advice = "Put a GeoLite2 database of countries or cities there that this user may read, or name none."
    try:
        with Reader(path) as reader:
            kind = reader.metadata().database_type
    except (OSError, ValueError, RuntimeError) as trouble:
        yield doubtful("countries", f"GEOIP_DATABASE cannot be used: {trouble}", advice)
        return
    if any(word in kind for word in READABLE):
        yield well("countries", f"by {kind}")
    else:
        yield doubtful("countries", f"GEOIP_DATABASE is a {kind}, which knows none", advice)
