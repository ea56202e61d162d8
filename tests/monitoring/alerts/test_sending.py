"""Alerts on their whole way: from the engine's event to a mail server, webhooks, chats and phones."""

from __future__ import annotations

import json
from datetime import time, timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from hazesite.outgoing import services as outgoing
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import TRANSPORTS
from monitoring.alerts.mail import MailChannel
from monitoring.models import Alert, Check, Incident, Monitor
from monitoring.services import standing
from monitoring.services.channels import save_channel
from monitoring.services.channels import test_channel as send_test
from monitoring.types import Result
from notifications.models import Preferences
from tests.monitoring.alerts.stage import RealClock, Stage, check
from tests.notifications.conftest import phones  # noqa: F401 - a fixture
from tests.notifications.office import html_of, text_of, use
from tests.servers.smtp import HANG, NAME, PASSWORD, MailServer

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NASTY = "<script>alert(1)</script> @everyone & $cause"


@pytest.fixture
def stage(db, settings, monkeypatch, receiver) -> Stage:
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    monkeypatch.setattr(outgoing, "FIRST_PAUSE_SECONDS", 0.1)
    return Stage(RealClock())


@pytest.fixture
def post_office(settings, monkeypatch, tmp_path):
    """Starts mail servers."""
    running: list[MailServer] = []

    def start(encryption: str = "none", **more) -> MailServer:
        server = MailServer(encryption, **more).start()
        use(server, settings, monkeypatch, tmp_path)
        settings.MAIL_SERVER = settings.EMAIL_HOST = ""
        running.append(server)
        return server

    monkeypatch.setitem(TRANSPORTS, "monitor-email", MailChannel())
    yield start
    for server in running:
        server.stop()


def mail_config(server: MailServer, **more):
    config = {"smtp_server": "localhost", "smtp_port": server.port, "use_tls": False}
    return config | {"from_email": "monitor@example.org", "to_email": "a@example.org, b@example.org"} | more


def add(ada, type_: str, config, **more):
    return save_channel(ada, {"name": type_, "type": type_, "config": config, "default": True, **more})


def settled() -> bool:
    return not Delivery.objects.waiting().filter(transport__startswith="monitor-").exists()


# --- mail --------------------------------------------------------------------------
def test_an_outage_followed_from_the_first_failure_to_the_mail_of_recovery(stage, ada, post_office, drain):
    server = post_office("starttls", signed_in=True)
    add(ada, "email", mail_config(server, use_tls=True, username=NAME, password=PASSWORD))
    web = Monitor.objects.create(name=f"web {NASTY}", type="http", url="https://a.org", severity="warning")
    standing.begin(web, timezone.now())
    up, down = Result(is_up=True, response_ms=80), Result(is_up=False, error="Connection refused")
    drain()
    check(web, up)
    check(web, down)
    assert not Incident.objects.exists() and not Delivery.objects.exists()
    for result in (down, down):
        check(web, result)
    RealClock.wait_for(lambda: len(server.letters.taken) == 1)
    check(web, up)
    RealClock.wait_for(lambda: len(server.letters.taken) == 2 and settled())

    told, ended = server.letters.taken
    assert told["To"] == "a@example.org, b@example.org" and told["From"] == "monitor@example.org"
    assert told["Subject"] == f"web {NASTY} is down" and ended["Subject"] == f"web {NASTY} is up again"
    assert "Connection refused" in text_of(told) and f"/monitors/{web.pk}/" in text_of(told)
    assert "<script>" not in html_of(told) and "&lt;script&gt;" in html_of(told)
    assert told["References"] == ended["References"] and told["Message-ID"] != ended["Message-ID"]
    assert server.letters.sessions[0] == {"tls": True, "login": NAME}
    assert sorted(Alert.objects.values_list("event", flat=True)) == ["down", "up"]


def test_without_a_server_of_its_own_a_channel_mails_by_the_sites(stage, ada, post_office, drain, settings):
    server = post_office()
    config = {"to_email": "a@example.org"}
    channel = add(ada, "email", config)
    assert not send_test(ada, channel.pk).ok
    settings.MAIL_SERVER = settings.EMAIL_HOST = "localhost"
    stage.fails(stage.monitor())
    drain()
    RealClock.wait_for(settled)
    [mail] = server.letters.taken
    assert mail["From"] == "HazeBot <haze@example.org>"


def test_a_mail_server_that_hangs_keeps_nobody_else_waiting(
    stage, ada, post_office, drain, receiver, monkeypatch
):
    monkeypatch.setattr(MailChannel, "deadline", 1.0)
    server = post_office()
    server.letters.fault("MAIL", HANG, 50)
    add(ada, "email", mail_config(server))
    add(ada, "webhook", {"url": receiver.url("/hook")})
    drain()
    for number in range(3):
        stage.fails(stage.monitor(f"web {number}"))
    receiver.wait(lambda: len(receiver.at("/hook")) == 3, 20)
    server.letters.faults.clear()
    RealClock.wait_for(lambda: len(server.letters.taken) == 3, 60)


def test_while_a_mail_server_hangs_checks_go_on_and_are_stored(stage, ada, post_office, drain, monkeypatch):
    monkeypatch.setattr(MailChannel, "deadline", 1.0)
    server = post_office()
    server.letters.fault("MAIL", HANG, 50)
    add(ada, "email", mail_config(server))
    web = Monitor.objects.create(name="web", type="http", url="https://a.org", severity="critical")
    standing.begin(web, timezone.now())
    up, down = Result(is_up=True, response_ms=80), Result(is_up=False, error="Connection refused")
    drain()
    check(web, down)
    RealClock.wait_for(lambda: len(server.letters.faults["MAIL"]) < 50)
    for result in (up, down, *[up] * 20):
        check(web, result)
    assert Check.objects.count() == 23
    assert Incident.objects.exclude(resolved_at=None).count() == 2
    assert not server.letters.taken
    server.letters.faults.clear()
    RealClock.wait_for(settled, 60)
    assert [mail["Subject"] for mail in server.letters.taken] == ["web was down"] * 2


def test_a_mail_that_is_refused_for_good_is_given_up_and_a_later_one_is_not(stage, ada, post_office, drain):
    server = post_office()
    add(ada, "email", mail_config(server))
    server.letters.fault("RCPT", "450 4.2.0 Later", 2)
    web = stage.monitor()
    drain()
    stage.fails(web)
    RealClock.wait_for(lambda: len(server.letters.taken) == 1 and settled())
    server.letters.fault("RCPT", "550 5.1.1 No such user", 2)
    stage.fails(stage.monitor("ads"))
    RealClock.wait_for(settled)
    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["sent", "given_up"] and len(server.letters.taken) == 1


def test_a_private_mail_server_is_not_reached_although_its_name_was_public_once(
    stage, ada, post_office, settings
):
    server = post_office()
    channel = add(ada, "email", mail_config(server))
    settings.OUTBOUND_ALLOWED_HOSTS = []
    tried = send_test(ada, channel.pk)
    assert not tried.ok and "private" in tried.detail and not server.letters.taken


# --- webhooks ------------------------------------------------------------------------
def test_a_webhook_gets_json_that_can_be_verified_and_told_from_a_repetition(stage, ada, receiver, drain):
    headers = {"Authorization": "Bearer your-token"}
    config = {
        "url": receiver.url("/hook"),
        "method": "POST",
        "headers": headers,
        "timeout": 5,
        "secret": SECRET,
    }
    add(ada, "webhook", config)
    receiver.answers["/hook"] = [(503, {}), (200, {})]
    web = stage.monitor(tag := "web", response_time_warning_ms=500)
    web.url = "https://user:word@example.org/health?key=secret"
    web.save()
    incident = stage.fails(web)
    drain()
    receiver.wait(lambda: len(receiver.at("/hook")) == 2)
    RealClock.wait_for(settled)
    first, second = receiver.at("/hook")
    assert (
        first.headers["idempotency-key"]
        == second.headers["idempotency-key"]
        == f"incident:{incident.pk}:down"
    )
    assert second.headers["authorization"] == "Bearer your-token"
    body = Verifier(SECRET).verify(second.body, second.headers)
    assert (body["event"], body["id"]) == ("down", f"incident:{incident.pk}:down")
    assert body["monitor"] == {
        "id": web.pk,
        "name": tag,
        "type": "http",
        "target": "https://example.org/health",
    }
    assert body["incident"]["cause"] == "Connection refused" and body["incident"]["severity"] == "critical"
    assert body["text"].startswith("web is down\nConnection refused") and b"secret" not in second.body


def test_a_webhook_that_is_gone_is_given_up_and_one_that_asks_for_a_pause_gets_it(
    stage, ada, receiver, drain
):
    add(ada, "webhook", {"url": receiver.url("/410")}, name="gone")
    add(ada, "slack", {"webhook_url": receiver.url("/slack")}, name="busy")
    receiver.answers["/slack"] = [(429, {"Retry-After": "3600"})]
    stage.fails(stage.monitor())
    drain()
    RealClock.wait_for(lambda: Delivery.objects.filter(attempts=1, drainer="").count() == 2)
    busy = Delivery.objects.get(transport="monitor-slack")
    assert busy.state == "failed" and busy.next_try_at > timezone.now() + timedelta(minutes=50)
    assert Delivery.objects.get(transport="monitor-webhook").state == "given_up"


def test_a_text_of_the_channels_own(stage, ada, receiver, drain):
    templates = {"down": "$monitor ($severity): $cause. $link"}
    add(ada, "webhook", {"url": receiver.url("/hook")}, templates=templates)
    web = stage.monitor(f"web {NASTY}")
    stage.fails(web, "refused")
    drain()
    receiver.wait(lambda: receiver.got)
    assert f"web {NASTY} (critical): refused. " in json.loads(receiver.got[0].body)["text"]


# --- chats -----------------------------------------------------------------------------
def test_slack_gets_a_coloured_attachment_in_which_nothing_is_a_mention(stage, ada, receiver, drain):
    add(ada, "slack", {"webhook_url": receiver.url("/slack")})
    web = stage.monitor("web <!channel>")
    drain()
    stage.fails(web)
    receiver.wait(lambda: len(receiver.got) == 1)
    stage.recovers(web)
    receiver.wait(lambda: len(receiver.got) == 2)
    bodies = [json.loads(got.body) for got in receiver.got]
    assert [body["attachments"][0]["color"] for body in bodies] == ["#e01e5a", "#2eb67d"]
    assert bodies[0]["text"] == "web &lt;!channel&gt; is down"
    assert "<!channel>" not in json.dumps(bodies)


def test_discord_gets_embeds_in_red_and_green_that_ping_nobody(stage, ada, discord_server, drain):
    people = discord_server.people
    channel = people.make_channel("alerts")
    hook = people.make_webhook(channel, "Uptime")
    add(ada, "discord", {"webhook_url": hook["url"]})
    web = stage.monitor("web @everyone")
    drain()
    stage.fails(web)
    discord_server.wait(lambda: len(people.messages(channel)) == 1)
    stage.recovers(web)
    discord_server.wait(lambda: len(people.messages(channel)) == 2)
    embeds = sorted(
        (one["embeds"][0]["title"], one["embeds"][0]["color"]) for one in people.messages(channel)
    )
    assert embeds == [("web @everyone is down", 0xE01E5A), ("web @everyone is up again", 0x2EB67D)]
    assert not any(one.get("mention_everyone") for one in people.messages(channel))
    people.delete_webhook(hook["id"])
    stage.fails(web)
    RealClock.wait_for(settled)
    assert Delivery.objects.filter(state="given_up").count() == 1


# --- phones ------------------------------------------------------------------------------
def test_phones_of_staff_ring_and_in_quiet_hours_only_for_what_is_critical(
    stage, ada, moira, alice, phones, drain  # noqa: F811
):  # fmt: skip
    hers, his, members = phones.give(ada), phones.give(moira), phones.give(alice)
    Preferences.objects.create(user=moira, quiet_from=time(0), quiet_to=time(23, 59, 59))
    add(ada, "push", {})
    web, ads = stage.monitor(), stage.monitor("ads", "warning")
    drain()
    stage.fails(web)
    RealClock.wait_for(lambda: phones.words(hers) and phones.words(his))
    stage.fails(ads)
    RealClock.wait_for(lambda: len(phones.words(hers)) == 2)
    assert len(phones.words(his)) == 1 and not phones.words(members)
    assert phones.data(hers)[0]["title"] == "web is down"


# --- trying it ---------------------------------------------------------------------------
def test_a_test_says_what_happened(stage, ada, receiver, post_office):
    server = post_office()
    for type_, config in {
        "email": mail_config(server),
        "webhook": {"url": receiver.url("/hook")},
        "slack": {"webhook_url": receiver.url("/slack")},
    }.items():
        tried = send_test(ada, add(ada, type_, config, active=False).pk)
        assert tried.ok and not tried.detail
    assert json.loads(receiver.at("/hook")[0].body)["event"] == "test"
    broken = add(ada, "discord", {"webhook_url": receiver.url("/404")})
    tried = send_test(ada, broken.pk)
    assert not tried.ok and "404" in tried.detail
    assert not Delivery.objects.exists() and not Alert.objects.exists()
