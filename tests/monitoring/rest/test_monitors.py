"""The calls of one monitor and of all: envelope, versions, pausing, figures."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from hazesite.audit.models import AuditEntry
from monitoring.grid import slot_at_or_after
from monitoring.models import (
    Check,
    DayStat,
    HourStat,
    Incident,
    Monitor,
    MonitorState,
    SlowSpell,
    Spell,
    Status,
)
from monitoring.services import forgetting, monitors
from monitoring.services.stats import RANGES
from tests.monitoring.stock import make_checks, make_incident, make_monitor, make_spells

WEB: dict[str, Any] = {"name": "Site", "type": "http", "url": "https://example.org/"}


def made(client, **more) -> dict[str, Any]:
    answer = client.post("/api/monitors", {**WEB, **more})
    assert answer.status_code == 201, answer.content
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_the_envelope(client):
    answer = client.post("/api/monitors", WEB)
    assert answer.json().keys() == {"status", "data", "message", "timestamp"}
    assert answer.json()["status"] == "success"
    assert abs(parse_datetime(answer.json()["timestamp"]) - timezone.now()) < timedelta(minutes=1)
    page = client.get("/api/monitors").json()
    assert page.keys() == {"status", "data", "message", "timestamp", "next_cursor"}
    assert [row["name"] for row in page["data"]] == ["Site"]


@pytest.mark.parametrize(("path", "status"),
[("/api/monitors/99", 404), ("/api/monitors/x", 404), ("/api/monitors?limit=0", 400)])  # fmt: skip
def test_errors_carry_both_envelopes(client, anonymous, path, status):
    body = client.get(path).json()
    assert {"error", "code", "request_id", "status", "data", "message", "timestamp"} <= body.keys()
    assert (body["status"], body["data"], body["message"]) == ("error", None, body["error"])
    assert anonymous.get(path).json()["status"] == "error"
    assert client.put("/api/monitors", {}).json()["status"] == "error"


def test_a_new_monitor_is_due_at_its_slot_within_one_interval(client):
    key = made(client, interval=300)["id"]
    state = MonitorState.objects.get(monitor=key)
    assert state.status == Status.PENDING
    assert state.next_check_at == slot_at_or_after(key, 300, state.since)
    assert timedelta() <= state.next_check_at - state.since <= timedelta(seconds=300)
    assert Spell.objects.get(monitor=key).status == Status.UNKNOWN


def test_secrets_go_in_and_never_come_out(client, staff, watcher):
    shown = made(client, headers={"Authorization": "Bearer s3cret-1"}, body="pass=s3cret-2")
    assert "s3cret-1" not in str(shown)
    assert shown["header_names"] == ["Authorization"]
    for reader in (client, staff, watcher):
        text = (
            reader.get(f"/api/monitors/{shown['id']}").content.decode()
            + reader.get("/api/monitors").content.decode()
        )
        assert "s3cret-1" not in text
        assert ("s3cret-2" in text) is (reader is client)
    assert "s3cret" not in str(list(AuditEntry.objects.values()))
    stored = Monitor.objects.values_list("headers", flat=True).get()
    assert stored == {"Authorization": "Bearer s3cret-1"}


def test_a_header_given_as_null_stays_as_it_is(client):
    key = made(client, headers={"Authorization": "s3cret", "X-Old": "1"})["id"]
    answer = client.patch(f"/api/monitors/{key}", {"headers": {"Authorization": None, "X-New": "2"}})
    assert answer.status_code == 200, answer.content
    assert Monitor.objects.get().headers == {"Authorization": "s3cret", "X-New": "2"}
    assert client.patch(f"/api/monitors/{key}", {"headers": {"X-Other": None}}).status_code == 409


def test_a_stale_version_is_refused(client):
    answer = client.post("/api/monitors", WEB)
    path, tag = f"/api/monitors/{answer.json()['data']['id']}", answer["ETag"]
    assert client.get(path)["ETag"] == tag
    changed = client.patch(path, {"interval": 120}, HTTP_IF_MATCH=tag)
    assert changed.status_code == 200
    assert changed["ETag"] != tag
    for stale in (tag, '"none"', "x"):
        answer = client.patch(path, {"interval": 300}, HTTP_IF_MATCH=stale)
        assert (answer.status_code, answer.json()["code"]) == (412, "stale_version")
    assert client.patch(path, {"interval": 300}, HTTP_IF_MATCH="*").status_code == 200
    assert Monitor.objects.get().interval == 300


def test_another_interval_moves_the_slot(client):
    key = made(client, interval=60)["id"]
    before = MonitorState.objects.get(monitor=key)
    client.patch(f"/api/monitors/{key}", {"interval": 3600})
    state = MonitorState.objects.get(monitor=key)
    assert state.next_check_at == slot_at_or_after(key, 3600, state.next_check_at)
    assert state.fence == before.fence + 1


def test_another_target_begins_anew_and_voids_what_is_being_checked(client):
    key = made(client)["id"]
    MonitorState.objects.filter(monitor=key).update(status=Status.DOWN, failures=3, error="refused", fence=5)
    incident = make_incident(Monitor.objects.get(pk=key))
    client.patch(f"/api/monitors/{key}", {"url": "https://example.org/other"})
    state = MonitorState.objects.get(monitor=key)
    assert (state.status, state.failures, state.error, state.fence) == (Status.PENDING, 0, "", 6)
    assert state.next_check_at <= timezone.now()
    incident.refresh_from_db()
    assert incident.resolved_at is not None


def test_pausing_ends_what_is_open_without_telling_of_a_recovery(client, shown):
    monitor = make_monitor(status=Status.DOWN)
    incident = make_incident(monitor)
    slow = SlowSpell.objects.create(
        monitor=monitor, severity="warning", started_at=timezone.now(), limit_ms=500, response_ms=700
    )
    MonitorState.objects.filter(pk=monitor.pk).update(next_check_at=timezone.now(), fence=3)
    with shown() as publications:
        answer = client.post(f"/api/monitors/{monitor.pk}/pause")
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "paused")
    assert {frame.event for one in publications for part in one.parts for frame in part.frames} == {
        "monitor_changed", "monitor_update",
    }  # fmt: skip
    state = MonitorState.objects.get(pk=monitor.pk)
    assert (state.next_check_at, state.fence) == (None, 4)
    incident.refresh_from_db()
    slow.refresh_from_db()
    assert incident.resolved_at
    assert slow.ended_at
    assert not hasattr(incident, "alerts") or not incident.alerts.exists()
    spells = list(Spell.objects.filter(monitor=monitor).values_list("status", "started_at", "ended_at"))
    assert [spell[0] for spell in spells] == [Status.DOWN, Status.PAUSED]
    assert spells[0][2] == spells[1][1]


def test_pausing_twice_changes_nothing_and_resuming_goes_on(client):
    key = made(client)["id"]
    for _again in range(2):
        assert client.post(f"/api/monitors/{key}/pause").json()["data"]["active"] is False
    assert AuditEntry.objects.filter(verb="monitor.paused").count() == 1
    answer = client.post(f"/api/monitors/{key}/check-now")
    assert (answer.status_code, answer.json()["code"]) == (409, "monitor_paused")
    for _again in range(2):
        assert client.post(f"/api/monitors/{key}/resume").json()["data"]["status"] == "pending"
    state = MonitorState.objects.get(monitor=key)
    assert state.next_check_at == slot_at_or_after(key, 60, state.since)
    statuses = list(Spell.objects.filter(monitor=key).values_list("status", flat=True))
    assert statuses == [Status.UNKNOWN, Status.PAUSED, Status.UNKNOWN]
    assert Spell.objects.filter(monitor=key, ended_at=None).count() == 1


def test_active_in_a_change_pauses_and_resumes(client):
    key = made(client)["id"]
    assert client.patch(f"/api/monitors/{key}", {"active": False}).json()["data"]["status"] == "paused"
    assert client.patch(f"/api/monitors/{key}", {"interval": 120}).json()["data"]["next_check_at"] is None
    assert client.patch(f"/api/monitors/{key}", {"active": True}).json()["data"]["status"] == "pending"


def test_a_check_is_asked_for_at_once(client):
    key = made(client, interval=3600)["id"]
    assert client.post(f"/api/monitors/{key}/check-now").status_code == 202
    assert MonitorState.objects.get(monitor=key).next_check_at <= timezone.now()


def test_deleting_takes_the_history_with_it(client):
    monitor = make_monitor()
    make_checks(monitor, 5)
    make_incident(monitor)
    child = make_monitor("Child", parent=monitor)
    assert client.delete(f"/api/monitors/{monitor.pk}").json()["data"] is None
    assert client.get(f"/api/monitors/{monitor.pk}").status_code == 404
    assert not Incident.objects.filter(monitor=monitor.pk).exists()
    assert forgetting.forget_checks(monitor.pk) == 5
    assert not Check.objects.exists()
    child.refresh_from_db()
    assert child.parent_id is None
    assert forgetting.forget_checks(child.pk) == 0


def test_who_did_it_is_in_the_audit_log(client, ada):
    key = made(client, url="https://example.org/?key=s3cret")["id"]
    client.patch(f"/api/monitors/{key}", {"interval": 120, "url": "https://example.org/?key=other-s3cret"})
    client.delete(f"/api/monitors/{key}")
    entries = list(AuditEntry.objects.filter(object_type="monitor").order_by("pk"))
    assert [entry.verb for entry in entries] == ["monitor.added", "monitor.changed", "monitor.deleted"]
    assert all(entry.actor_id == ada.pk for entry in entries)
    assert (entries[1].before["interval"], entries[1].after["interval"]) == (60, 120)
    assert entries[1].after["changed"] == ["url"]
    assert "s3cret" not in str([(entry.before, entry.after) for entry in entries])


# --- lists -------------------------------------------------------------------
def test_pages_by_name_miss_nothing_and_repeat_nothing(client):
    for number in range(7):
        make_monitor(f"M{number % 3}", status=Status.UP)
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(
            f"/api/monitors?limit=2&cursor={cursor}" if cursor else "/api/monitors?limit=2"
        ).json()
        seen += [(row["name"], row["id"]) for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == sorted(seen)
    assert len(seen) == 7


def test_a_page_after_the_longest_name(client):
    name = "\u2603" * 150
    make_monitor(name)
    make_monitor(name)
    cursor = client.get("/api/monitors?limit=1").json()["next_cursor"]
    assert len(client.get(f"/api/monitors?limit=1&cursor={cursor}").json()["data"]) == 1


@pytest.mark.parametrize(
    "cursor", ["x", "WzFd", "-1-YQ", "1-Y", "1-YQ=", "1-Y+Q", "1-" + "a" * 904, "9" * 19 + "-YQ", "%00"]
)
def test_a_broken_cursor_is_refused(client, cursor):
    monitor = make_monitor()
    for path in ("monitors", "notification-channels", "escalation-policies", "status-pages", "incidents",
                 "maintenance", f"monitors/{monitor.pk}/checks"):  # fmt: skip
        answer = client.get(f"/api/{path}?cursor={cursor}")
        assert answer.status_code == 400, (path, answer.content)
        assert "cursor" in answer.json()["fields"]


def test_filters(client):
    up = make_monitor("Up", severity="critical")
    down = make_monitor("Down", status=Status.DOWN, type="ping", url="", host="gate.example.org")
    monitors.update_monitor(_admin(client), down.pk, {"tags": ["edge"]})

    def names(query: str) -> list[str]:
        answer = client.get(f"/api/monitors?{query}")
        assert answer.status_code == 200, answer.content
        return [row["name"] for row in answer.json()["data"]]

    assert names("status=down") == ["Down"]
    assert names("type=ping") == ["Down"]
    assert names("severity=critical") == ["Up"]
    assert names("tag=edge") == ["Down"]
    assert names("tag=none") == []
    assert names("q=GATE") == ["Down"]
    assert names("q=u") == ["Up"]
    assert names("status=up&type=http") == [up.name]
    assert client.get("/api/monitors?status=lost").status_code == 400


def _admin(_client: Any) -> Any:
    from accounts.models import User

    return User.objects.get(username="ada")


@pytest.mark.parametrize("path",
["monitors", "incidents", "notification-channels", "maintenance", "status-pages", "escalation-policies",
"monitors/export"])  # fmt: skip
def test_the_number_of_queries_depends_on_nothing(client, path, django_assert_max_num_queries):
    from tests.monitoring.rest.stock import furnish

    furnish(2)
    client.get(f"/api/{path}")
    with django_assert_max_num_queries(9) as few:
        client.get(f"/api/{path}")
    furnish(6)
    with django_assert_max_num_queries(len(few)):
        assert client.get(f"/api/{path}").status_code == 200


# --- figures -----------------------------------------------------------------
def test_the_checks_of_the_last_hours(client):
    monitor = make_monitor(interval=600)
    make_checks(monitor, 20, answer="<p>", status_code=200)
    page = client.get(f"/api/monitors/{monitor.pk}/checks?hours=2&limit=5").json()
    assert page["data"][0].keys() == {
        "at",
        "status",
        "is_up",
        "response_time_ms",
        "status_code",
        "error",
        "answer",
    }
    rest = client.get(
        f"/api/monitors/{monitor.pk}/checks?hours=2&limit=50&cursor={page['next_cursor']}"
    ).json()
    times = [row["at"] for row in (*page["data"], *rest["data"])]
    assert times == sorted(times, reverse=True)
    assert (len(set(times)), rest["next_cursor"]) == (12, None)
    for wrong in ("hours=0", "hours=x", "hours=99999", "limit=201"):
        assert client.get(f"/api/monitors/{monitor.pk}/checks?{wrong}").status_code == 400


@pytest.mark.parametrize("name", list(RANGES))
def test_stats_of_each_range(client, name):
    monitor = make_monitor()
    make_spells(monitor, ("up", 0.75), ("down", 0.25))
    make_checks(monitor, 10, response_ms=100.0)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    row = {"up": 10, "down": 2, "sum_ms": 1000.0, "min_ms": 90.0, "max_ms": 110.0, "ms_3": 4, "ms_4": 6}
    HourStat.objects.create(monitor=monitor, start=hour, **row)
    DayStat.objects.create(monitor=monitor, start=hour.replace(hour=0), **row)
    data = client.get(f"/api/monitors/{monitor.pk}/stats?range={name}").json()["data"]
    assert data["range"] == name
    assert 70 <= data["uptime_percent"] <= 80
    assert 890 <= data["downtime_seconds"] <= 910
    assert sum(bucket["up"] for bucket in data["buckets"]) == data["checks"]["up"] == 10
    assert data["response_time_ms"]["average"] == 100
    assert data["response_time_ms"]["p50"] in (100, 110)
    starts = [parse_datetime(bucket["at"]) for bucket in data["buckets"]]
    steps = {(later - earlier).total_seconds() for earlier, later in pairwise(starts)}
    assert steps == {data["bucket_seconds"]}
    assert len(starts) == RANGES[name].length / RANGES[name].bucket


def test_stats_of_a_monitor_without_a_past(client):
    key = made(client)["id"]
    data = client.get(f"/api/monitors/{key}/stats").json()["data"]
    assert (data["range"], data["uptime_percent"], data["incidents"]) == ("24h", None, 0)
    assert data["response_time_ms"]["p99"] is None
    assert client.get(f"/api/monitors/{key}/stats?range=2h").status_code == 400


def test_how_everything_stands(client):
    def status() -> dict[str, Any]:
        data: dict[str, Any] = client.get("/api/status").json()["data"]
        return data

    assert status()["status"] == "operational"
    make_monitor("A", response_ms=100)
    down = make_monitor("B", status=Status.DOWN, severity="warning", response_ms=None)
    make_incident(down)
    found = status()
    assert (found["status"], found["monitors"]["total"], found["monitors"]["down"]) == ("degraded", 2, 1)
    assert found["incidents"] == {"open": 1, "unacknowledged": 1, "last_24h": 1}
    assert found["average_response_time_ms"] == 100
    make_monitor("C", status=Status.DOWN, severity="critical")
    assert status()["status"] == "outage"
