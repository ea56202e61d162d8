"""`docs/uptime_kuma_monitors.json`: in Uptime Kuma's format, about this site, and right about it."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import combinations, permutations
from math import gcd
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.urls import Resolver404, resolve

from hazesite.front import BESIDE
from tests.serving import ROOT

FILE = ROOT / "docs/uptime_kuma_monitors.json"
BACKUP: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
MONITORS: list[dict[str, Any]] = BACKUP["monitorList"]
ASKED_FOR = {
    "/api/health": (60, "critical"),
    "/api/health?detailed=true": (180, "warning"),
    "/api/discord/auth": (300, "warning"),
    "/admin/login/": (180, "warning"),
    "/socket.io/?EIO=4&transport=polling": (180, "warning"),
    "/api/ping": (120, "critical"),
    "/api/tickets": (180, "critical"),
    "/api/analytics/data": (300, "warning"),
    "/health/live": (3600, "warning"),
}
OF_THE_MACHINE = {"memory", "cpu", "disk"}
"""Where tests run they may be short."""
HOST = {"Host": "haze.example.org", "X-Forwarded-Proto": "https"}


def path_of(monitor: dict[str, Any]) -> str:
    parts = urlsplit(monitor["url"])
    assert f"{parts.scheme}://{parts.netloc}" == "https://api.haze.pro"
    return parts.path + (f"?{parts.query}" if parts.query else "")


def each() -> list[Any]:
    built = (ROOT / "analytics/urls.py").exists()
    later = pytest.mark.skipif(not built, reason="there are no analytics here yet")
    return [
        pytest.param(one, id=path_of(one), marks=[later] if "/analytics/" in one["url"] else [])
        for one in MONITORS
    ]


def test_the_nine_monitors_are_as_they_were_asked_for():
    assert {path_of(one): (one["interval"], one["tags"][0]["name"]) for one in MONITORS} == ASKED_FOR
    for one in MONITORS:
        # So many failures in a row beside the first: critical at once, a warning after two.
        assert one["maxretries"] == {"critical": 0, "warning": 1}[one["tags"][0]["name"]]
        assert one["interval"] >= 20 and one["retryInterval"] >= 20, "Uptime Kuma takes no less"


def test_begun_at_their_offsets_no_two_ever_ask_at_the_same_moment():
    for one, other in combinations(MONITORS, 2):
        common = gcd(one["interval"], other["interval"])
        assert (one["startOffset"] - other["startOffset"]) % common, (one["name"], other["name"])


def test_it_has_what_an_import_reads():
    """The upload of Uptime Kuma 1.x reads these without asking whether they are there."""
    assert re.fullmatch(r"1\.\d+\.\d+", BACKUP["version"])
    assert BACKUP["notificationList"] == BACKUP["proxyList"] == []
    for one in MONITORS:
        assert one["type"] in ("http", "keyword") and (one["type"] == "keyword") == bool(one["keyword"])
        assert isinstance(one["accepted_statuscodes"], list) and isinstance(one["notificationIDList"], dict)
        assert isinstance(json.loads(one["headers"] or "{}"), dict), "headers are a text of JSON"
        assert all({"name", "color", "value"} <= tag.keys() for tag in one["tags"])
        assert one["active"] == 1 and one["active"] is not True, "what is not the number 1 is paused"
    for one, other in permutations(MONITORS, 2):
        assert one["name"] not in other["name"], "it would be taken for one that is there already"


def test_it_holds_no_secret():
    held = {json.loads(one["headers"])["Authorization"] for one in MONITORS if one["headers"]}
    assert held == {"Bearer MONITORING_TOKEN"}


@pytest.mark.parametrize("monitor", each())
def test_each_leads_to_a_route_of_this_site(monitor):
    path = urlsplit(monitor["url"]).path
    if path in BESIDE or path == "/socket.io/":
        return
    try:
        found = resolve(path)
    except Resolver404:
        pytest.fail(f"nothing is at {path}")
    assert found.func.__name__ != "no_such_call"


@pytest.fixture(scope="module")
def token(production) -> str:
    body = {"secret": "a-secret-of-the-tests"}
    answer = httpx.post(f"{production.url}/api/auth/monitoring-token", json=body, headers=HOST)
    return str(answer.raise_for_status().json()["token"])


@pytest.mark.server
@pytest.mark.parametrize("monitor", each())
def test_each_hears_what_it_expects(production, token, monitor):
    headers = {"User-Agent": "Uptime-Kuma/1.23.16", "Accept": "text/html,*/*;q=0.8", **HOST}
    headers |= json.loads((monitor["headers"] or "{}").replace("MONITORING_TOKEN", token))
    answer = httpx.request(
        monitor["method"], f"{production.url}{path_of(monitor)}", headers=headers, timeout=monitor["timeout"]
    )
    if "detailed" in monitor["url"] and answer.status_code == 503:
        checks = answer.json()["checks"]
        assert {name for name, check in checks.items() if check["status"] != "ok"} <= OF_THE_MACHINE
    else:
        assert answer.status_code == 200, answer.text
    assert (monitor["keyword"] or "") in answer.text


@pytest.mark.server
@pytest.mark.parametrize("monitor", [one for one in each() if one.values[0]["headers"]])
def test_without_the_token_it_is_down(production, monitor):
    assert httpx.get(f"{production.url}{path_of(monitor)}", headers=HOST).status_code == 401


def test_the_doctor_knows_each_point_the_checklist_names():
    page = (ROOT / "docs/DEPLOYMENT_UPTIME_KUMA.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "doctor: " in line]
    assert len(rows) >= 10
    code = "".join(path.read_text() for path in ROOT.glob("*/operations/examinations/*.py"))
    code += "".join(path.read_text() for path in ROOT.glob("*/examinations.py"))
    for row in rows:
        for name in re.findall(r"`([^`]+)`", row.partition("doctor: ")[2]):
            assert f'"{name}"' in code or name.startswith(("make ", "FCM_")), name


def test_the_guide_fills_in_what_it_says(tmp_path):
    page = (ROOT / "docs/UPTIME_KUMA_SETUP.md").read_text(encoding="utf-8")
    command = re.search(r"^    (sed -e .*?> my_monitors\.json)$", page, re.MULTILINE | re.DOTALL)[1]
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "monitoring_token.txt").write_text("a.b-c_d\n")
    subprocess.run(["bash", "-ec", command], cwd=tmp_path, check=True)
    filled = json.loads((tmp_path / "my_monitors.json").read_text())["monitorList"]
    assert all(one["url"].startswith("https://your.host/") for one in filled)
    assert {one["headers"] for one in filled} == {None, '{"Authorization": "Bearer a.b-c_d"}'}
    offsets = sorted(one["startOffset"] for one in MONITORS)
    assert f"{', '.join(str(offset) for offset in offsets[:-1])} and {offsets[-1]}" in page
