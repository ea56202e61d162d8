"""What the doctor says of the analytics: when nothing is added up, what was dropped, what is unusable."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from analytics.collecting import cleaning
from analytics.models import FeatureUse, Progress
from analytics.rollups import running
from hazesite import partitions
from hazesite.operations.doctor import EXAMINATIONS

pytestmark = pytest.mark.django_db
COUNTING = """
import os, sys
from prometheus_client import Counter, values
values.ValueClass = values.MultiProcessValue(lambda: sys.argv[1])
counter = Counter("hazebot_analytics_events", "", ("result",))
counter.labels("stored").inc(900)
counter.labels("dropped_full").inc(int(sys.argv[1][-1]))
"""


def said(name: str) -> dict[str, tuple[str, str]]:
    return {finding.name: (finding.state, finding.message) for finding in EXAMINATIONS[name]()}


def database_of(path: Path, kind: str) -> Path:
    writer = MMDBWriter(6, kind, languages=["en"], ipv4_compatible=True)
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "DE"}})
    writer.to_db_file(str(path))
    return path


def test_it_says_when_nothing_is_added_up(settings):
    settings.ANALYTICS = False
    assert said("analytics")["analytics"] == ("ok", "off (ANALYTICS): nothing is collected")
    settings.ANALYTICS = True
    assert said("analytics")["analytics"][0] == "ok"
    running.run()
    assert said("analytics")["analytics"] == ("ok", "added up 0 min ago")
    Progress.objects.update(ran_at=timezone.now() - timedelta(minutes=45))
    assert said("analytics")["analytics"] == ("warning", "nothing was added up for 45 min")


def test_it_counts_what_any_process_dropped(settings, tmp_path):
    settings.ANALYTICS, settings.DATA_DIR = True, tmp_path
    assert said("analytics")["uses"][0] == "ok"
    (tmp_path / "metrics").mkdir()
    for process in ("web-0", "web-2", "worker-3"):
        environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
        subprocess.run([sys.executable, "-c", COUNTING, process], env=environment, check=True)
        if process == "web-0":
            assert said("analytics")["uses"][0] == "ok"
    assert said("analytics")["uses"] == ("warning", "5 were dropped since the start (5 full)")


def test_it_says_what_the_database_of_countries_is_good_for(settings, tmp_path):
    assert said("countries")["countries"][0] == "ok"
    for kind, state in (("GeoLite2-Country", "ok"), ("DBIP-City-Lite", "ok"), ("GeoLite2-ASN", "warning")):
        settings.GEOIP_DATABASE = str(database_of(tmp_path / f"{kind}.mmdb", kind))
        assert said("countries")["countries"][0] == state
    (tmp_path / "text.mmdb").write_text("not found")
    for name in ("text.mmdb", "none.mmdb"):
        settings.GEOIP_DATABASE = str(tmp_path / name)
        assert said("countries")["countries"][0] == "warning"


def test_a_damaged_database_of_countries_costs_no_use(settings, tmp_path):
    path = database_of(tmp_path / "damaged.mmdb", "GeoLite2-Country")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"\xe1 \x08", b"\xff\xff\xff"))
    assert path.read_bytes() != whole
    settings.GEOIP_DATABASE = str(path)
    assert cleaning.country("203.0.113.9") == ""


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="partitions are PostgreSQL's")
def test_it_says_when_today_has_no_partition(settings):
    settings.ANALYTICS = True
    partitions.ensure_ahead(FeatureUse)
    assert said("analytics")["days of uses"][0] == "ok"
    partitions.drop_before(FeatureUse, timezone.now().astimezone(UTC).date() + timedelta(days=1))
    assert said("analytics")["days of uses"] == ("warning", "today has no partition")
