"""Channels, policies, maintenance windows, status pages and incidents, over REST."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.models import Incident, NotificationChannel, StatusPage
from tests.monitoring.stock import make_incident, make_monitor

HOOK = "https://93.184.215.14/services/s3cret-path"
SLACK = {"name": "Team", "type": "slack", "config": {"webhook_url": HOOK}}
START = "2026-11-29T03:00:00+01:00"


@pytest.fixture
def channel(db) -> NotificationChannel:
    return NotificationChannel.objects.create(name="Team", type="slack", config={"webhook_url": HOOK})


def test_a_channel_from_beginning_to_end(client, staff, watcher):
    answer = client.post("/api/notification-channels", SLACK | {"default": True})
    assert answer.status_code == 201, answer.content
    path = f"/api/notification-channels/{answer.json()['data']['id']}"
    for reader in (client, staff, watcher):
        body = reader.get(path)
        assert body.status_code == 200
        assert (
            "s3cret" not in body.content.decode() + reader.get("/api/notification-channels").content.decode()
        )
    shown = client.get(path).json()["data"]
    assert client.patch(path, {"config": shown["config"], "active": False}).json()["data"]["active"] is False
    assert NotificationChannel.objects.get().config["webhook_url"] == HOOK
    assert client.post("/api/notification-channels", SLACK).status_code == 409
    assert client.delete(path).status_code == 200
    assert client.get(path).status_code == 404


NO_CONFIG = [
    ({"config": {name: value}}, f"config.{name}")
    for name, value in (
        ("smtp_port", 0), ("smtp_port", "25"), ("use_tls", "yes"), ("from_email", "nobody"), ("to_email", ""),
        ("to_email", "x" * 490 + "@example.org"), ("url", "example.org"), ("method", "DELETE"),
        ("timeout", 61), ("secret", "s3cret"), ("headers", []), ("headers", {"X": ""}),
        ("headers", {f"X-{number}": "1" for number in range(21)}), ("roles", []), ("roles", ["lootling"]),
    )
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "fax"}, "type"), ({"type": None}, "type"), ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"config": []}, "config"),
        ({"config": {"other": 1}}, "config.other"),
        ({"config": {"webhook_url": "ftp://example.org"}}, "config.webhook_url"),
        ({"config": {"webhook_url": 1}}, "config.webhook_url"),
        ({"active": "yes"}, "active"), ({"templates": []}, "templates"),
        ({"templates": {"x": "\0"}}, "templates"),
        ({"templates": {"down": ""}}, "templates.down"),
        ({"remind_minutes": 4}, "remind_minutes"), ({"flap_changes": 2}, "flap_changes"),
        ({"summary_at": "25:00"}, "summary_at"), ({"time_zone": ""}, "time_zone"),
        ({"other": 1}, "other"), *NO_CONFIG,
        ({"config": {}}, "config.webhook_url"), ({"config": {"url": HOOK}}, "config.webhook_url"),
        ({"type": "email", "config": {}}, "config.to_email"),
        ({"type": "webhook", "config": {}}, "config.url"),
    ],
)  # fmt: skip
def test_what_no_channel_is_made_of(client, change, field):
    answer = client.post("/api/notification-channels", SLACK | change)
    assert answer.status_code == 400, answer.content
    assert any(name.startswith(field) for name in answer.json()["fields"]), answer.content
    assert not NotificationChannel.objects.exists()


MAIL, HOOKED = {"to_email": "a@example.org"}, {"url": HOOK}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"config": HOOKED | {"webhook_url": HOOK}}, "config.url"),
        ({"config": {"webhook_url": "https:///path"}}, "config.webhook_url"),
        ({"config": {"webhook_url": "https://a:b@example.org/"}}, "config.webhook_url"),
        ({"config": {"webhook_url": "https://example.org/\n"}}, "config.webhook_url"),
        ({"type": "email", "config": {"to_email": "a@b"}}, "config.to_email"),
        ({"type": "email", "config": MAIL | {"from_email": "a@example.org, b@example.org"}},
        "config.from_email"),
        ({"type": "email", "config": MAIL | {"smtp_server": "mail.example.org"}}, "config.from_email"),
        ({"type": "email", "config": MAIL | {"password": "…"}}, "config.password"),
        ({"type": "webhook", "config": HOOKED | {"secret": "whsec_" + "A" * 33}}, "config.secret"),
        ({"type": "webhook", "config": HOOKED | {"headers": {"Host": "x"}}}, "config.headers.Host"),
        ({"type": "webhook", "config": HOOKED | {"headers": {"X": "ü"}}}, "config.headers.X"),
        ({"templates": {"down": "$nothing"}}, "templates.down"), ({"templates": {"up": "$"}}, "templates.up"),
        ({"flap_changes": 3}, "flap_changes"), ({"storm_seconds": 60}, "storm_alerts"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_channel(client, change, field):
    answer = client.post("/api/notification-channels", SLACK | change)
    assert (answer.status_code, answer.json()["code"]) == (409, "unfit"), answer.content
    assert any(name.startswith(field) for name in answer.json()["fields"]), answer.content
    assert not NotificationChannel.objects.exists()


def test_a_channel_stays_of_its_type(client, channel):
    answer = client.patch(f"/api/notification-channels/{channel.pk}", {"type": "discord"})
    assert (answer.status_code, answer.json()["code"]) == (409, "unfit")


def test_a_channel_leads_to_no_private_host(client):
    for url in ("http://127.0.0.1/x", "http://[::1]/x", "http://169.254.169.254/latest"):
        answer = client.post("/api/notification-channels", SLACK | {"config": {"webhook_url": url}})
        assert (answer.status_code, answer.json()["code"]) == (409, "address_refused"), url


def test_a_policy_from_beginning_to_end(client, watcher, channel):
    body = {"name": "Nights", "steps": [{"after_minutes": 0, "channels": [channel.pk]}]}
    answer = client.post("/api/escalation-policies", body)
    assert answer.status_code == 201, answer.content
    key = answer.json()["data"]["id"]
    path = f"/api/escalation-policies/{key}"
    assert watcher.get(path).json()["data"] == {"id": key, **body}
    steps = [*body["steps"], {"after_minutes": 15, "channels": [channel.pk]}]
    assert client.patch(path, {"steps": steps}).json()["data"]["steps"] == steps
    for wrong in ([], [{"after_minutes": 0, "channels": []}], [{"after_minutes": -1, "channels": [1]}],
    [*body["steps"]] * 11, "x"):  # fmt: skip
        assert client.patch(path, {"steps": wrong}).status_code == 400, wrong
    for wrong in ([{"after_minutes": 5, "channels": [channel.pk]}], [{"after_minutes": 0, "channels": [99]}],
    [*body["steps"]] * 2):  # fmt: skip
        assert client.patch(path, {"steps": wrong}).json()["code"] == "unfit", wrong
    assert client.post("/api/escalation-policies", body).status_code == 409
    assert client.delete(path).status_code == 200


def test_a_window_from_beginning_to_end(client, watcher):
    monitor = make_monitor()
    body = {"name": "Updates", "starts_at": START, "duration_minutes": 60,
    "recurrence": "FREQ=WEEKLY;BYDAY=SU",
            "time_zone": "Europe/Berlin", "monitors": [monitor.pk]}  # fmt: skip
    answer = client.post("/api/maintenance", body)
    assert answer.status_code == 201, answer.content
    path = f"/api/maintenance/{answer.json()['data']['id']}"
    shown = watcher.get(path).json()["data"]
    assert (shown["monitors"], shown["starts_at"], shown["next_start"] is not None) == (
        [monitor.pk], "2026-11-29T02:00:00Z", True,
    )  # fmt: skip
    assert client.patch(path, {"everything": True, "monitors": []}).json()["data"]["everything"] is True
    assert client.get("/api/maintenance?running=false").json()["data"]
    assert client.delete(path).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": "soon"}, {"starts_at": None}, {"starts_at": "2026-11-29T03:00:00"},
        {"starts_at": "2026-11-29"}, {"starts_at": "2026-02-30T00:00:00Z"}, {"duration_minutes": 0},
        {"duration_minutes": 50_000}, {"monitors": [[]]}, {"monitors": [0]}, {"tags": [""]},
        {"everything": 1}, {"name": ""}, {"other": 1},
    ],
)  # fmt: skip
def test_what_no_window_is_made_of(client, change):
    body = {"name": "It", "starts_at": START, "duration_minutes": 60, "everything": True, **change}
    answer = client.post("/api/maintenance", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), answer.content


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"starts_at": "0001-01-01T00:00:00Z"}, "unfit"), ({"starts_at": "9999-12-31T23:59:59Z"}, "unfit"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, "unfit"), ({"time_zone": "Nowhere"}, "unfit"),
        ({"monitors": [99]}, "unfit"), ({"tags": ["none"]}, "unfit"),
        ({"recurrence": "FREQ=SECONDLY"}, "not_a_recurrence"), ({"recurrence": "x"}, "not_a_recurrence"),
        ({"everything": False}, "window_covers_nothing"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_window(client, change, code):
    body = {"name": "It", "starts_at": START, "duration_minutes": 60, "everything": True, **change}
    answer = client.post("/api/maintenance", body)
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.content


def test_a_page_from_beginning_to_end(client, watcher):
    one, other = make_monitor("One"), make_monitor("Other")
    body = {
        "slug": "status",
        "title": "HazeBot",
        "monitors": [{"monitor": other.pk, "group": "Core"}, {"monitor": one.pk}],
    }
    answer = client.post("/api/status-pages", body)
    assert answer.status_code == 201, answer.content
    shown = answer.json()["data"]
    assert [entry["monitor"] for entry in shown["monitors"]] == [other.pk, one.pk]
    assert shown["url"].endswith("/status/status")
    path = f"/api/status-pages/{shown['id']}"
    assert watcher.get(path).json()["data"] == shown
    assert (
        client.patch(path, {"monitors": [{"monitor": one.pk}]}).json()["data"]["monitors"][0]["monitor"]
        == one.pk
    )
    assert client.patch(path, {"title": "Other"}).json()["data"]["monitors"]
    assert client.post("/api/status-pages", body).json()["code"] == "slug_taken"
    assert client.delete(path).status_code == 200
    assert not StatusPage.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "A"}, {"slug": "a b"}, {"slug": ""}, {"slug": "../x"}, {"slug": "a" * 61}, {"slug": None},
        {"title": ""}, {"title": None}, {"monitors": [{}]}, {"monitors": 1},
        {"monitors": [{"monitor": "x"}]}, {"monitors": [{"monitor": 1}] * 501}, {"is_public": "no"},
        {"other": 1},
    ],
)  # fmt: skip
def test_what_no_page_is_made_of(client, change):
    assert client.post("/api/status-pages", {"slug": "status", "title": "T", **change}).status_code == 400


def test_what_does_not_fit_a_page(client):
    monitor = make_monitor()
    twice = [{"monitor": monitor.pk}, {"monitor": monitor.pk}]
    for entries in (twice, [{"monitor": monitor.pk + 1}]):
        answer = client.post("/api/status-pages", {"slug": "s", "title": "T", "monitors": entries})
        assert (answer.status_code, answer.json()["code"]) == (409, "unfit")
    assert not StatusPage.objects.exists()


def test_staff_look_after_an_incident(client, staff, watcher, moira):
    incident = make_incident(make_monitor(status="down"), hours_ago=2.5)
    path = f"/api/incidents/{incident.pk}"
    shown = watcher.get(path).json()["data"]
    assert (shown["state"], shown["duration"], shown["comments"]) == ("open", "2h 30m", [])
    for _again in range(2):
        found = staff.post(f"{path}/acknowledge").json()["data"]
        assert (found["state"], found["acknowledged_by"]["username"]) == ("acknowledged", "moira")
    answer = staff.post(f"{path}/comments", {"text": "On it.", "public": True})
    assert (answer.status_code, answer.json()["data"]["author"]["user_id"]) == (201, moira.user_id)
    assert [note["text"] for note in client.get(path).json()["data"]["comments"]] == ["On it."]
    for wrong in (
        {},
        {"text": ""},
        {"text": " "},
        {"text": "x" * 2001},
        {"text": "a\0"},
        {"text": "x", "public": 1},
    ):
        assert staff.post(f"{path}/comments", wrong).status_code == 400
    assert watcher.post(f"{path}/acknowledge").status_code == 403


def test_incidents_are_filtered_and_paged(client):
    monitor, other = make_monitor("A", status="down"), make_monitor("B", severity="critical")
    for hours in range(5):
        make_incident(other, hours_ago=10 + hours, lasted=0.5)
    opened = make_incident(monitor)

    def keys(query: str) -> list[Any]:
        return [row["id"] for row in client.get(f"/api/incidents?{query}").json()["data"]]

    assert keys("state=open") == [opened.pk]
    assert len(keys("state=resolved")) == 5
    assert keys("state=acknowledged") == []
    assert keys(f"monitor={monitor.pk}") == [opened.pk]
    first = client.get("/api/incidents?limit=4").json()
    rest = client.get(f"/api/incidents?limit=4&cursor={first['next_cursor']}").json()
    found = [row["id"] for row in (*first["data"], *rest["data"])]
    assert sorted(found) == sorted(Incident.objects.values_list("pk", flat=True))
    assert rest["next_cursor"] is None
    for wrong in ("state=x", "monitor=x", "limit=500", "severity=x", "monitor=99999999999999999999"):
        assert client.get(f"/api/incidents?{wrong}").status_code == 400
