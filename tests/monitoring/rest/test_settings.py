"""What a monitor may be set to, at each limit."""

from __future__ import annotations

import pytest

from monitoring.models import Monitor, NotificationChannel

WEB = {"name": "Site", "type": "http", "url": "https://example.org/"}


def refused(client, body, field, path="/api/monitors", method="post", *, status=409):
    """409 is for what the API's document does not forbid."""
    answer = getattr(client, method)(path, body)
    code = {400: "invalid", 409: "unfit"}[status]
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert any(name == field or name.startswith(f"{field}.") for name in answer.json()["fields"]), (
        answer.json()
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "   "), ("name", "x" * 151), ("name", None), ("name", 7), ("name", "a\0b"),
        ("description", "x" * 501), ("type", "nothing"), ("type", ""), ("type", None), ("type", ["http"]),
        ("url", "example.org"), ("url", "ftp://example.org/"), ("url", "http://"),
        ("url", "file:///etc/passwd"), ("url", "gopher://example.org/"),
        ("url", "http://exa mple.org/"), ("url", "http://example.org/\r\nX: y"),
        ("url", "http://example.org\\@127.0.0.1/"), ("url", "javascript:1"),
        ("url", "https://example.org/" + "x" * 2000), ("url", 1),
        ("port", 0), ("port", 65536), ("port", "80"), ("port", True), ("port", 80.5),
        ("method", "FETCH"), ("method", "get"), ("method", None),
        ("headers", []), ("headers", "X: y"), ("headers", {"X": "a\r\nY: b"}),
        ("headers", {"X": 1}), ("headers", {"X": "\u2603"}),
        ("headers", {"X": "a" * 4001}), ("headers", {f"X-{number}": "a" for number in range(31)}),
        ("body", "x" * 100_001), ("body", {}),
        ("expected_status", ""), ("expected_status", "99"), ("expected_status", "600"),
        ("expected_status", "200-"), ("expected_status", "200;201"),
        ("expected_status", True), ("expected_status", None), ("expected_status", [[200]]),
        ("expected_status", "\u0662\u0660\u0660"), ("expected_status", ",".join(["200"] * 60)),
        ("expected_text", "x" * 1001),
        ("url", ""), ("url", None), ("interval", 29),
        ("options", []), ("interval", 3601), ("interval", 0), ("interval", -60), ("interval", "60"),
        ("interval", None), ("interval", 60.5), ("interval", True), ("interval", 2**63),
        ("timeout", 4.9), ("timeout", 120.1), ("timeout", 0), ("timeout", "10"), ("timeout", None),
        ("retries", 0), ("retries", 11), ("retries", -1), ("retries", 1.5),
        ("retry_interval", 0), ("retry_interval", 3601),
        ("severity", "fatal"), ("severity", None),
        ("response_time_warning_ms", 0), ("response_time_warning_ms", 600_001),
        ("response_time_critical_ms", 0), ("response_time_warning_ms", -5),
        ("active", "yes"), ("active", None), ("uses_monitoring_token", 1),
        ("parent", 0), ("parent", "1"), ("parent", 2**63), ("escalation", "1"),
        ("tags", ["x" * 41]), ("tags", [""]), ("tags", "core"), ("tags", [1]), ("tags", ["a"] * 21),
        ("notification_channels", ["1"]), ("notification_channels", 1),
        ("status", "up"), ("push_token", "mine"), ("id", 3),
    ],
)  # fmt: skip
def test_what_the_document_forbids(client, field, value):
    refused(client, {**WEB, field: value}, field, status=400)
    assert not Monitor.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://user:word@example.org/"),
        ("url", "http://example.org:0/"), ("url", "http://example.org:65536/"),
        ("url", "http://[::1"), ("url", "http://-o.example.org/"), ("url", "http://a..b/"),
        ("headers", {"X\n": "a"}), ("headers", {"": "a"}), ("headers", {"X:": "a"}),
        ("headers", {"Content-Length": "5"}), ("headers", {"transfer-encoding": "chunked"}),
        ("headers", {"X": None}),
        ("expected_status", "299-200"), ("expected_status", [200, "500-400"]),
        ("expected_status", ["200"] * 60),
        ("options", {"nothing": 1}), ("options", {"max_redirects": 11}), ("options", {"max_redirects": -1}),
        ("options", {"a": "x" * 9000}), ("options", {"a": [[[[[[[1]]]]]]]}),
        ("options", {"max_redirects": "\0"}),
        ("uses_monitoring_token", True), ("parent", 99), ("escalation", 99),
        ("notification_channels", [99]),
    ],
)  # fmt: skip
def test_what_does_not_fit(client, field, value):
    refused(client, {**WEB, field: value}, field)
    assert not Monitor.objects.exists()


def test_what_is_forbidden_comes_before_what_does_not_fit(client):
    refused(client, {**WEB, "parent": 99, "timeout": 1}, "timeout", status=400)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("name", "x" * 150, "x" * 150), ("name", " Site ", "Site"),
        ("name", "Überwachung \u2603", "Überwachung \u2603"),
        ("url", "http://example.org:65535/a?b=c#d", "http://example.org:65535/a?b=c#d"),
        ("url", "https://b\u00fccher.example.org/", "https://b\u00fccher.example.org/"),
        ("url", "http://93.184.215.14/", "http://93.184.215.14/"),
        ("url", "http://[2606:4700::1111]:8080/", "http://[2606:4700::1111]:8080/"),
        ("url", "https://not-known-yet.example.com/", "https://not-known-yet.example.com/"),
        ("expected_status", "200", "200"), ("expected_status", 200, "200"),
        ("expected_status", [200, "301-308"], "200,301-308"),
        ("expected_status", "200-299, 401", "200-299,401"), ("expected_status", "100-599", "100-599"),
        ("interval", 30, 30), ("interval", 3600, 3600), ("timeout", 5, 5.0), ("timeout", 120, 120.0),
        ("timeout", 7.5, 7.5), ("retries", 1, 1), ("retries", 10, 10), ("retries", None, None),
        ("retry_interval", 1, 1), ("severity", "info", "info"), ("active", False, False),
        ("response_time_warning_ms", None, None), ("response_time_warning_ms", 1000, 1000),
        ("response_time_warning_ms", 600_000, 600_000), ("response_time_critical_ms", 1, 1),
        ("method", "HEAD", "HEAD"), ("description", None, ""), ("body", None, ""),
        ("tags", ["b", "a", "b"], ["a", "b"]),
        ("options", {"max_redirects": 0, "certificate_days": 14},
        {"max_redirects": 0, "certificate_days": 14}),
    ],
)  # fmt: skip
def test_what_is_taken(client, field, value, shown):
    answer = client.post("/api/monitors", {**WEB, field: value})
    assert answer.status_code == 201, answer.content
    assert answer.json()["data"][field] == shown
    key = answer.json()["data"]["id"]
    assert client.get(f"/api/monitors/{key}").json()["data"][field] == shown


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "json", "url": WEB["url"]}, "options.path"),
        ({"type": "json", "url": WEB["url"], "options": {"path": "a", "expected": []}}, "options.expected"),
        ({"type": "dns", "host": "example.org", "options": {"record": "ANY"}}, "options.record"),
        ({"type": "ping", "host": "x" * 254}, "host"),
        ({"type": "ping", "host": "-o.example.org"}, "host"),
        ({"type": "ping", "host": "a..b"}, "host"),
        ({"type": "port", "host": "example.org:80", "port": 80}, "host"),
        ({"type": "http", "url": WEB["url"], "response_time_warning_ms": 900,
        "response_time_critical_ms": 800}, "response_time_warning_ms"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_a_type(client, body, field):
    refused(client, {"name": "It", **body}, field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "http"}, "url"), ({"type": "http", "url": ""}, "url"), ({"type": "socketio"}, "url"),
        ({"type": "keyword", "url": WEB["url"]}, "expected_text"),
        ({"type": "ping"}, "host"), ({"type": "port", "host": "example.org"}, "port"),
        ({"type": "port", "port": 80}, "host"), ({"type": "dns"}, "host"), ({"type": "tls"}, "host"),
    ],
)  # fmt: skip
def test_what_a_type_needs(client, body, field):
    refused(client, {"name": "It", **body}, field, status=400)
    key = client.post("/api/monitors", {"name": "It", "type": "push"}).json()["data"]["id"]
    refused(client, body, field, f"/api/monitors/{key}", "patch")


@pytest.mark.parametrize("host", ["exa mple", "a/b", "user@example.org", "fe80::1%eth0", "a\\b", "x" * 256])
def test_what_no_host_looks_like(client, host):
    refused(client, {"name": "It", "type": "ping", "host": host}, "host", status=400)


def test_a_monitor_has_a_name_and_a_type_for_ever(client):
    refused(client, {"name": "It"}, "type", status=400)
    refused(client, {"type": "push"}, "name", status=400)
    key = client.post("/api/monitors", WEB).json()["data"]["id"]
    assert client.patch(f"/api/monitors/{key}", {}).status_code == 200
    refused(client, {"name": ""}, "name", f"/api/monitors/{key}", "patch", status=400)
    refused(client, {"type": "keyword"}, "expected_text", f"/api/monitors/{key}", "patch")


@pytest.mark.parametrize(
    "body",
    [
        {"type": "keyword", "url": WEB["url"], "expected_text": "ok", "options": {"invert": True}},
        {
            "type": "json",
            "url": WEB["url"],
            "options": {"path": "status", "comparison": "==", "expected": "ok"},
        },
        {"type": "ping", "host": "example.org"},
        {"type": "ping", "host": "2606:4700::1111"},
        {"type": "port", "host": "example.org", "port": 22},
        {"type": "dns", "host": "example.org", "options": {"record": "MX"}},
        {"type": "tls", "host": "example.org", "options": {"certificate_days": 14}},
        {"type": "push"},
        {"type": "socketio", "url": WEB["url"]},
        {"type": "discord_bot"},
    ],
    ids=lambda body: body["type"],
)
def test_each_type_can_be_made(client, body):
    answer = client.post("/api/monitors", {"name": "It", **body})
    assert answer.status_code == 201, answer.content
    assert answer.json()["data"]["type"] == body["type"]


def test_a_shorter_interval_is_for_the_operator_to_allow(client, settings):
    settings.MONITOR_MIN_INTERVAL = 2
    answer = client.post("/api/monitors", {**WEB, "interval": 2})
    assert answer.status_code == 201
    assert answer.json()["data"]["timeout"] == 5
    refused(client, {**WEB, "interval": 1}, "interval", status=400)


def test_parents_have_no_circles_and_few_generations(client):
    keys = []
    for number in range(5):
        parent = {"parent": keys[-1]} if keys else {}
        answer = client.post("/api/monitors", {**WEB, "name": f"M{number}", **parent})
        keys.append(answer.json()["data"]["id"])
    refused(client, {**WEB, "parent": keys[-1]}, "parent")
    refused(client, {"parent": keys[0]}, "parent", f"/api/monitors/{keys[0]}", "patch")
    refused(client, {"parent": keys[3]}, "parent", f"/api/monitors/{keys[0]}", "patch")
    other = client.post("/api/monitors", {**WEB, "name": "Above"}).json()["data"]["id"]
    refused(client, {"parent": other}, "parent", f"/api/monitors/{keys[0]}", "patch")
    assert client.patch(f"/api/monitors/{keys[3]}", {"parent": None}).status_code == 200
    assert client.patch(f"/api/monitors/{keys[0]}", {"parent": other}).status_code == 200


def test_channels_and_tags_are_linked_by_id_and_by_name(client):
    channel = NotificationChannel.objects.create(name="Team", type="push", config={"roles": ["admin"]})
    body = {**WEB, "tags": ["core", "api"], "notification_channels": [channel.pk, channel.pk]}
    shown = client.post("/api/monitors", body).json()["data"]
    assert (shown["tags"], shown["notification_channels"]) == (["api", "core"], [channel.pk])
    key = shown["id"]
    changed = client.patch(f"/api/monitors/{key}", {"tags": ["api"], "notification_channels": []}).json()[
        "data"
    ]
    assert (changed["tags"], changed["notification_channels"]) == (["api"], [])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f.1", "10.0.0.1", "172.16.9.9", "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "localhost", "LOCALHOST.", "a.localhost",
        "metadata.google.internal", "printer.local", "inside.example.org", "both.example.org",
        "mapped.example.org",
    ],
)  # fmt: skip
def test_private_targets_are_refused_however_they_are_written(client, host, settings):
    settings.PUBLIC_URL = "https://haze.example.org"
    for body in ({"type": "http", "url": f"http://{host}/"}, {"type": "ping", "host": host}):
        answer = client.post("/api/monitors", {"name": "It", **body})
        assert (answer.status_code, answer.json()["code"]) == (409, "address_refused"), (host, answer.content)
        assert answer.json()["status"] == "error"
    assert not Monitor.objects.exists()


@pytest.mark.parametrize(
    "host",
    ["::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:7f00:1",
    "64:ff9b::7f00:1",
     "2002:7f00:1::", "ff02::1"],
)  # fmt: skip
def test_private_addresses_of_version_six_are_refused(client, host):
    for body in (
        {"type": "http", "url": f"http://[{host}]/"},
        {"type": "port", "host": host, "port": 80},
        {"type": "port", "host": f"[{host}]", "port": 80},
        {"type": "tls", "host": host},
    ):
        assert client.post("/api/monitors", {"name": "It", **body}).status_code == 409, body


def test_a_change_of_the_target_is_judged_as_well(client):
    key = client.post("/api/monitors", WEB).json()["data"]["id"]
    answer = client.patch(f"/api/monitors/{key}", {"url": "http://inside.example.org/"})
    assert answer.json()["code"] == "address_refused"
    assert Monitor.objects.get().url == WEB["url"]
    answer = client.patch(f"/api/monitors/{key}", {"type": "ping", "host": "127.0.0.1"})
    assert answer.json()["code"] == "address_refused"
    answer = client.patch(
        f"/api/monitors/{key}", {"type": "dns", "host": "example.org", "options": {"server": "10.0.0.1"}}
    )
    assert answer.json()["code"] == "address_refused"


def test_this_site_itself_may_always_be_watched(client, settings):
    settings.PUBLIC_URL = "http://localhost:5070"
    for body in (
        {"type": "http", "url": "http://localhost:5070/api/health"},
        {"type": "http", "url": "http://localhost:5070/api/ping", "uses_monitoring_token": True},
        {"type": "port", "host": "localhost", "port": 5070},
        {"type": "ping", "host": "localhost"},
    ):
        assert client.post("/api/monitors", {"name": "Own", **body}).status_code == 201, body
    for body in (
        {"type": "http", "url": "http://localhost:6379/"},
        {"type": "http", "url": "https://localhost:5070.example.org/"},
        {"type": "port", "host": "localhost", "port": 5432},
        {"type": "port", "host": "127.0.0.1", "port": 5070},
    ):
        assert client.post("/api/monitors", {"name": "Not own", **body}).status_code in (400, 409), body
    elsewhere = {**WEB, "uses_monitoring_token": True}
    refused(client, elsewhere, "uses_monitoring_token")
    refused(client, {**elsewhere, "url": "https://localhost:5070/"}, "uses_monitoring_token")


def test_private_targets_are_for_the_operator_to_allow(client, settings):
    settings.MONITOR_ALLOW_PRIVATE_TARGETS = True
    assert client.post("/api/monitors", {**WEB, "url": "http://127.0.0.1:9/"}).status_code == 201
