"""Monitors out of files and into them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from monitoring import samples
from monitoring.importing import placeholders
from monitoring.models import EscalationPolicy, Incident, Monitor, NotificationChannel, StatusPage
from monitoring.services.console import CONSOLE
from tests.monitoring.rest.stock import furnish

KUMA: dict[str, Any] = {
    "version": "1.23.16",
    "notificationList": [
        {"id": 1, "name": "Mail", "active": True, "isDefault": True, "config": json.dumps({
            "type": "smtp", "smtpHost": "93.184.215.14", "smtpPort": 465, "smtpSecure": True,
            "smtpUsername": "u",
            "smtpPassword": "s3cret", "smtpFrom": '"HazeBot" <bot@example.org>',
            "smtpTo": "a@example.org, b@example.org"})},
        {"id": 2, "name": "Hook", "active": True, "config": json.dumps({
            "type": "webhook", "webhookURL": "https://93.184.215.14/hook",
            "webhookAdditionalHeaders": '{"X-Key": "k"}'})},
        {"id": 3, "name": "Slack",
        "config": json.dumps({"type": "slack", "slackwebhookURL": "https://93.184.215.14/s"})},
        {"id": 4, "name": "Discord",
        "config": json.dumps({"type": "discord", "discordWebhookUrl": "https://93.184.215.14/d"})},
        {"id": 5, "name": "Phone", "config": json.dumps({"type": "telegram", "telegramBotToken": "x"})},
        {"id": 6, "name": "Inside",
        "config": json.dumps({"type": "slack", "slackwebhookURL": "http://10.0.0.1/"})},
        {"id": 7, "name": "Broken", "config": "{"},
    ],
    "monitorList": [
        {"id": 1, "name": "Group", "type": "group"},
        {"id": 2, "name": "Site", "type": "http", "url": "https://example.org/", "method": "POST",
        "interval": 20,
         "timeout": 48, "retryInterval": 20, "maxretries": 2, "accepted_statuscodes": ["200-299", "401"],
         "headers": '{"X-Probe": "1"}', "body": '{"a": 1}', "maxredirects": 3, "ignoreTls": True, "parent": 1,
         "tags": [{"name": "env", "value": "prod"}, {"name": "core", "value": ""}],
         "basic_auth_user": "me", "basic_auth_pass": "s3cret", "authMethod": "basic",
         "notificationIDList": {"1": True, "2": False, "3": True, "5": True}, "active": True},
        {"id": 3, "name": "Word", "type": "keyword", "url": "https://example.org/", "keyword": "ok",
         "invertKeyword": True, "interval": 60, "parent": 2, "active": 0},
        {"id": 4, "name": "Value", "type": "json-query", "url": "https://example.org/", "jsonPath": "status",
         "expectedValue": "ok", "interval": 7200},
        {"id": 5, "name": "Ping", "type": "ping", "hostname": "example.org", "interval": 60},
        {"id": 6, "name": "Port", "type": "port", "hostname": "example.org", "port": 443, "interval": 60},
        {"id": 7, "name": "Names", "type": "dns", "hostname": "example.org", "dns_resolve_type": "MX",
         "dns_resolve_server": "1.1.1.1", "port": 53, "interval": 60},
        {"id": 8, "name": "Job", "type": "push", "pushToken": "abcdefghij0123456789", "interval": 60},
        {"id": 9, "name": "Box", "type": "docker", "docker_container": "x"},
        {"id": 10, "name": "Queue", "type": "mqtt"},
        {"id": 11, "name": "Router", "type": "ping", "hostname": "192.168.1.1", "interval": 60},
        {"id": 12, "name": "Reversed", "type": "http", "url": "https://example.org/", "upsideDown": True},
        {"id": 13, "name": "Wrong", "type": "http", "url": "not an address"},
        {"id": 14, "name": "Site", "type": "http", "url": "https://example.org/second", "interval": 60},
        {"id": 15, "type": "http"}, "nothing", {"id": 16, "name": None, "type": None},
        {"id": 17, "name": "Secret", "type": "http", "url": "https://example.org/", "authMethod": "ntlm"},
    ],
}  # fmt: skip
TAKEN = {"Site", "Word", "Value", "Ping", "Port", "Names", "Job", "Site (2)"}
NOT_TAKEN = {"Group", "Box", "Queue", "Router", "Reversed", "Wrong", "Phone", "Inside", "Broken", "Secret"}


def imported(client, document, query="") -> dict[str, Any]:
    answer = client.post(f"/api/monitors/import{query}", document)
    assert answer.status_code == 200, answer.content
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_backup_of_uptime_kuma(client):
    report = imported(client, KUMA)
    assert set(report["monitors"]["added"]) == TAKEN
    assert set(report["notification_channels"]["added"]) == {"Mail", "Hook", "Slack", "Discord"}
    assert {row["name"] for row in report["skipped"]} >= NOT_TAKEN
    assert all(row["reason"] for row in report["skipped"])
    site = Monitor.objects.get(name="Site")
    assert (site.method, site.interval, site.timeout, site.retries) == ("POST", 30, 48, 3)
    assert (site.expected_status, site.body) == ("200-299,401", '{"a": 1}')
    assert site.headers["X-Probe"] == "1"
    assert site.headers["Authorization"].startswith("Basic ")
    assert site.options == {"max_redirects": 3, "ignore_certificate": True}
    assert {tag.name for tag in site.tags.all()} == {"env: prod", "core", "Group"}
    assert {channel.name for channel in site.notification_channels.all()} == {"Mail", "Slack"}
    word = Monitor.objects.get(name="Word")
    assert (word.options["invert"], word.expected_text, word.active, word.parent) == (True, "ok", False, site)
    assert Monitor.objects.get(name="Value").interval == 3600
    assert Monitor.objects.get(name="Job").push_token == "abcdefghij0123456789"
    mail = NotificationChannel.objects.get(name="Mail")
    assert (mail.default, mail.config["from_email"], mail.config["smtp_port"]) == (
        True,
        "bot@example.org",
        465,
    )
    assert "20 s became 30 s" in str(report["notes"])


def test_the_same_file_again_makes_nothing_double(client):
    imported(client, KUMA)
    before = (Monitor.objects.count(), NotificationChannel.objects.count())
    again = imported(client, KUMA)
    assert again["monitors"]["added"] == again["monitors"]["changed"] == []
    assert set(again["monitors"]["unchanged"]) == TAKEN
    assert (Monitor.objects.count(), NotificationChannel.objects.count()) == before


def test_a_dry_run_says_the_same_and_does_nothing(client):
    dry = imported(client, KUMA, "?dry_run=true")
    assert dry["dry_run"] is True
    assert not Monitor.objects.exists()
    assert not NotificationChannel.objects.exists()
    real = imported(client, KUMA)
    assert dry["monitors"] == real["monitors"]


def test_what_is_here_is_changed_only_when_asked(client):
    imported(client, KUMA)
    Monitor.objects.filter(name="Ping").update(interval=600)
    assert imported(client, KUMA)["monitors"]["changed"] == []
    assert imported(client, KUMA, "?update=true")["monitors"]["changed"] == ["Ping"]
    assert Monitor.objects.get(name="Ping").interval == 60
    assert imported(client, KUMA, "?update=true")["monitors"]["changed"] == []


@pytest.mark.parametrize("document",
[[], {"monitorList": 1}, {"hazebot_monitors": 2}, {"monitorList": [], "notificationList": 7},
{"hazebot_monitors": 1, "monitors": {}}])  # fmt: skip
def test_what_is_no_file_of_monitors(client, document):
    answer = client.post("/api/monitors/import", document)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("document", [{}, {"monitors": []}])
def test_a_file_says_whose_it_is(client, document):
    answer = client.post("/api/monitors/import", document)
    assert (answer.status_code, answer.json()["code"]) == (409, "unfit")


def test_out_and_in_again(client, tmp_path):
    furnish(2)
    first, second = Monitor.objects.order_by("name")
    Monitor.objects.filter(pk=second.pk).update(
        parent=first, type="push", url="", push_token="abcdefghij-token"
    )
    text = client.get("/api/monitors/export").content.decode()
    assert "abcdefghij-token" not in text
    assert json.loads(text)["data"]["monitors"][0]["headers"] == {"X": None}
    file = tmp_path / "all.json"
    call_command("export_monitors", str(file), "--with-secrets", stdout=StringIO())
    assert file.stat().st_mode & 0o777 == 0o600
    document = orjson.loads(file.read_bytes())
    kept = document["monitors"]
    Monitor.objects.all().delete()
    NotificationChannel.objects.all().delete()
    for row in document["notification_channels"]:
        row["config"]["url"] = row["config"]["url"].replace("example.org", "93.184.215.14")
    file.write_bytes(orjson.dumps(document))
    out = StringIO()
    call_command("import_monitors", str(file), stdout=out)
    assert "2 added" in out.getvalue(), out.getvalue()
    call_command("export_monitors", str(file), "--with-secrets", stdout=StringIO())
    assert orjson.loads(file.read_bytes())["monitors"] == kept
    assert EscalationPolicy.objects.count() == 2


def test_an_export_without_secrets_says_what_is_missing(client):
    furnish(1)
    document = client.get("/api/monitors/export").json()["data"]
    Monitor.objects.all().delete()
    NotificationChannel.objects.all().delete()
    report = imported(client, document)
    assert report["monitors"]["added"] == ["M0"]
    assert "value of X" in str(report["notes"])
    assert [row["name"] for row in report["skipped"]] == ["C0"]


# --- commands ----------------------------------------------------------------
def test_placeholders_are_filled_by_what_this_site_knows(db, tmp_path, settings):
    settings.PUBLIC_URL = "https://haze.example.org"
    rows = [
        {
            "name": "Ping",
            "type": "http",
            "url": "${PUBLIC_URL}/api/ping",
            "headers": {"Authorization": "Bearer ${TOKEN}"},
        },
        {"name": "Other", "type": "http", "url": "https://${HOST}/"},
        {"name": "Given", "type": "ping", "host": "${GATE}"},
    ]
    file = tmp_path / "monitors.json"
    file.write_bytes(orjson.dumps({"hazebot_monitors": 1, "monitors": rows}))
    out = StringIO()
    call_command("import_monitors", str(file), "--set", "GATE=example.org", stdout=out)
    ping = Monitor.objects.get(name="Ping")
    assert (ping.url, ping.uses_monitoring_token, ping.headers) == (
        "https://haze.example.org/api/ping",
        True,
        {},
    )
    assert Monitor.objects.get(name="Given").host == "example.org"
    assert "HOST has no value" in out.getvalue()
    assert placeholders.is_token("Bearer <MONITORING_TOKEN>")


def test_the_file_for_uptime_kuma(db, settings):
    """`docs/uptime_kuma_monitors.json` watches this site from here as well."""
    settings.PUBLIC_URL = "https://haze.example.org"
    out = StringIO()
    file = Path(settings.BASE_DIR) / "docs/uptime_kuma_monitors.json"
    for count in ("9 added", "0 added"):
        call_command("import_monitors", str(file), "--own", "https://api.haze.pro", stdout=out)
        assert f"monitors: {count}" in out.getvalue(), out.getvalue()
    assert "skipped" not in out.getvalue()
    assert Monitor.objects.filter(url__startswith="https://haze.example.org/").count() == 9
    assert Monitor.objects.filter(uses_monitoring_token=True).count() == 3
    assert Monitor.objects.filter(severity="critical").count() == 3
    health = Monitor.objects.get(name="HazeBot API - Health Check")
    assert (health.interval, health.retries, health.attempts_until_down) == (60, 1, 1)
    assert Monitor.objects.filter(options__certificate_days=14).count() == 1


def test_what_a_command_refuses(db, tmp_path):
    file = tmp_path / "x.json"
    for content in (b"", b"{", b"[]", b"\xff"):
        file.write_bytes(content)
        with pytest.raises(CommandError, match="Nothing was changed"):
            call_command("import_monitors", str(file))
    with pytest.raises(CommandError):
        call_command("import_monitors", str(tmp_path / "none.json"))
    with pytest.raises(CommandError, match="NAME=VALUE"):
        call_command("import_monitors", str(file), "--set", "x")


@pytest.mark.parametrize(
    "url", ["http://localhost:5070", "https://haze.example.org", "http://127.0.0.1:5071"]
)
def test_the_site_watches_itself(db, settings, url):
    settings.PUBLIC_URL = url
    out = StringIO()
    call_command("create_sample_monitors", stdout=out)
    assert out.getvalue() == "9 monitors added, 0 were there.\n"
    call_command("create_sample_monitors", stdout=out)
    assert Monitor.objects.count() == 9
    assert StatusPage.objects.get(slug="status").entries.count() == 9
    times = dict(Monitor.objects.values_list("name", "interval"))
    assert times["HazeBot API - Health Check"] == 60
    tokens = Monitor.objects.filter(uses_monitoring_token=True).count()
    assert tokens == 3
    tls = Monitor.objects.get(type="tls")
    assert tls.active is url.startswith("https")
    assert set(Monitor.objects.filter(severity="critical").values_list("interval", flat=True)) == {
        60,
        120,
        180,
    }


def test_a_demo_has_a_past(client, settings):
    for _again in range(2):
        call_command("create_sample_monitors", "--demo", stdout=StringIO())
    key = Monitor.objects.get(name="HazeBot API - Tickets").pk
    for name in ("6h", "7d", "90d"):
        data = client.get(f"/api/monitors/{key}/stats?range={name}").json()["data"]
        assert data["checks"]["up"] > 50
        assert 95 < data["uptime_percent"] <= 100
    assert Incident.objects.filter(resolved_at=None).count() == 0
    assert Incident.objects.count() >= 9
    settings.PRODUCTION = True
    with pytest.raises(CommandError):
        call_command("create_sample_monitors", "--demo")


def test_samples_by_the_console_are_nobodys_deed(db):
    from hazesite.audit.models import AuditEntry

    samples.create(CONSOLE)
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {None}
