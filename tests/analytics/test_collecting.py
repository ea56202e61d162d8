"""What members do becomes uses and sessions: no failure of theirs, and nothing of those who decline."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from accounts import monitoring_tokens
from accounts.models import Session
from accounts.services import Device
from analytics.collecting import buffer as collecting_buffer
from analytics.collecting import cleaning, note_event
from analytics.collecting.buffering import LATE_SECONDS, Buffer
from analytics.collecting.seen import Seen
from analytics.collecting.sessions import end_idle_sessions
from analytics.collecting.storing import store
from analytics.features import CALLS, EVENTS
from analytics.jobs import forget
from analytics.models import FeatureUse, OptOut, UsageSession, Visitor
from hazesite.jobs.models import Job
from hazesite.metrics.counters import OURS
from hazesite.realtime import handlers
from tests.test_role_matrix import routes

pytestmark = pytest.mark.django_db


def seen(user_id: int = 1, ago: float = 0, feature: str = "tickets.list", **more) -> Seen:
    more = {"role": "lootling", "sign_in": f"of-{user_id}", "client_session": "", "platform": "Web"} | more
    return Seen(time.time() - ago, user_id, feature=feature, **more)


def kept() -> list[tuple]:
    return list(FeatureUse.objects.order_by("feature").values_list("feature", "uses", "failures"))


# --- what is counted ---------------------------------------------------------
def test_what_a_member_does_is_a_use_in_a_session(collecting, app_of, alice, ticket):
    app = app_of(
        alice, "android", "v2.4.1+77", HTTP_X_DEVICE_INFO="Pixel 9\n", HTTP_X_SESSION_ID="start-0001"
    )
    for _ in range(3):
        assert app.get("/api/tickets").status_code == 200
    app.post(f"/api/tickets/{ticket.public_id}/messages", {"message": "Hello"})
    assert collecting.flush()

    assert kept() == [("tickets.list", 3, 0), ("tickets.message", 1, 0)]
    session = UsageSession.objects.get()
    assert (session.platform, session.version, session.device, session.actions) == (
        "Android", "2.4.1", "Pixel 9", 4,
    )  # fmt: skip
    assert session.user == alice and session.role == "lootling" and session.ended_at is None
    assert set(FeatureUse.objects.values_list("visitor", "session")) == {(session.visitor, session.pk)}


def test_no_row_names_a_person_or_an_address(collecting, app_of, alice):
    app_of(alice, REMOTE_ADDR="203.0.113.9").get("/api/tickets")
    collecting.flush()
    end_idle_sessions()
    columns = {field.name for model in (FeatureUse, Visitor) for field in model._meta.get_fields()}
    assert not columns & {"user", "username", "address", "ip"}
    assert Visitor.objects.get().key not in (alice.pk, alice.discord_id)


@pytest.mark.parametrize("header", ["HTTP_DNT", "HTTP_SEC_GPC"])
def test_who_asks_not_to_be_followed_is_not(collecting, app_of, alice, header):
    assert app_of(alice, **{header: "1"}).get("/api/tickets").status_code == 200
    assert len(collecting) == 0


def test_who_opted_out_is_forgotten_and_not_collected(collecting, app_of, alice, mallory):
    for user in (alice, mallory):
        app_of(user).get("/api/tickets")
    collecting.flush()
    for _ in range(2):
        answer = app_of(alice).put("/api/analytics/preferences", {"collect": False})
        assert answer.json() == {"collect": False}
    assert Job.objects.filter(task=forget.module_path).count() == 1
    forget.func(alice.pk)
    assert UsageSession.objects.get().user == mallory
    assert FeatureUse.objects.count() == Visitor.objects.count() == 1

    app_of(alice).get("/api/tickets")
    collecting.flush()
    assert FeatureUse.objects.count() == 1
    app_of(alice).put("/api/analytics/preferences", {"collect": True})
    app_of(alice).get("/api/tickets")
    collecting.flush()
    assert FeatureUse.objects.count() == 2 and not OptOut.objects.exists()


def test_refusals_tokens_and_machines_are_no_use(collecting, app_of, anonymous, alice):
    anonymous.get("/api/tickets")
    app_of(alice).get("/api/tickets/unknown")
    app_of(alice).get("/api/ping")
    monitor = monitoring_tokens.issue("a-secret-of-the-tests", None, Device())
    app_of(monitor.user).get("/api/tickets")
    assert len(collecting) == 0


def test_an_error_of_ours_is_a_failed_use(collecting, app_of, alice, monkeypatch):
    def fail(*_args, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr("tickets.views.tickets.TicketViews.list", fail)
    assert app_of(alice).get("/api/tickets").status_code == 500
    collecting.flush()
    assert kept() == [("tickets.list", 1, 1)]


def test_nothing_is_collected_where_it_is_switched_off(collecting, settings, app_of, alice):
    settings.ANALYTICS = False
    app_of(alice).get("/api/tickets")
    assert len(collecting) == 0


def test_socket_events_count_with_what_the_sign_in_said(collecting, alice, token_of):
    token_of(alice)
    key = Session.objects.get(user=alice).key
    sink = SimpleNamespace(
        untracked=False, identity=SimpleNamespace(user_id=alice.pk, role="lootling", session=key)
    )
    for event in ("join_ticket", "typing", "mark_read", "send_message"):
        note_event(sink, event)
    note_event(SimpleNamespace(**vars(sink) | {"untracked": True}), "join_ticket")
    collecting.flush()
    assert kept() == [("tickets.message", 1, 0), ("tickets.read", 1, 0)]
    assert set(FeatureUse.objects.values_list("platform", flat=True)) == {"Web"}
    assert note_event in handlers.WATCHERS


# --- sessions ----------------------------------------------------------------
def test_a_session_goes_on_until_half_an_hour_without_a_use(alice):
    store([seen(alice.pk, ago=3000), seen(alice.pk, ago=2400)])
    store([seen(alice.pk, ago=1000)])
    assert UsageSession.objects.get().actions == 3
    store([seen(alice.pk, ago=-1200)])
    first, second = UsageSession.objects.order_by("pk")
    assert first.ended_at == first.last_at and first.user is None
    assert second.started_at - first.last_at > timedelta(minutes=30)


@pytest.mark.parametrize(("seconds", "sessions"), [(1799, 1), (1800, 2)])
def test_half_an_hour_is_to_the_second(alice, seconds, sessions):
    last = float(int(time.time()))
    for at in (last - seconds, last):
        store([seen(alice.pk)._replace(at=at)])
    assert UsageSession.objects.count() == sessions


def test_each_start_of_an_app_is_a_session_of_its_own(alice):
    store([seen(alice.pk, client_session=name) for name in ("start-0001", "start-0002", "x")])
    assert UsageSession.objects.count() == 3


def test_a_forged_session_id_touches_nobody_elses_session(alice, mallory):
    store([seen(alice.pk, client_session="start-0001")])
    before = UsageSession.objects.get()
    store([seen(mallory.pk, client_session="start-0001", platform="iOS")])
    before.refresh_from_db()
    assert before.actions == 1 and before.platform == "Web"
    assert UsageSession.objects.count() == 2


def test_made_up_session_ids_do_not_pile_up(alice):
    store([seen(alice.pk, client_session=f"start-{number:04}") for number in range(500)])
    assert UsageSession.objects.count() <= 21


def test_idle_sessions_end_and_name_nobody(alice, mallory):
    store([seen(alice.pk, ago=1900), seen(mallory.pk, ago=60)])
    assert end_idle_sessions() == 1
    ended = UsageSession.objects.exclude(ended_at=None).get()
    assert ended.user is None and ended.ended_at == ended.last_at


# --- what clients say --------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2.4.1", "2.4.1"), ("v2.04.1+9", "2.4.1"), ("3", "3"), ("1.2.3.4", "1.2.3"), ("", ""),
        ("latest", "Other"), ("=cmd()", "Other"), ("9" * 300, "Other"), ("\u0663.\u0661", "Other"),
    ],
)  # fmt: skip
def test_versions_are_told_apart_by_three_numbers(said, meant):
    assert cleaning.version(said) == meant


def test_other_words_are_few():
    assert [cleaning.platform(said) for said in ("IOS", "macos ", "Amiga", "")] == [
        "iOS", "macOS", "Other", "Unknown",
    ]  # fmt: skip
    assert cleaning.device("\0\ud800" + "x" * 500) == "x" * 60
    assert cleaning.client_session("../../etc/passwd") == cleaning.client_session("short") == ""


def test_a_country_comes_from_the_local_database_alone(settings, tmp_path):
    from mmdb_writer import MMDBWriter
    from netaddr import IPSet

    writer = MMDBWriter(6, "GeoLite2-Country", languages=["en"], ipv4_compatible=True)
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "DE"}})
    path = tmp_path / "countries.mmdb"
    writer.to_db_file(str(path))
    assert cleaning.country("203.0.113.9") == ""
    settings.GEOIP_DATABASE = str(path)
    assert [cleaning.country(address) for address in ("203.0.113.9", "198.51.100.1", "?", "")] == [
        "DE", "", "", "",
    ]  # fmt: skip
    settings.GEOIP_DATABASE = str(tmp_path / "none.mmdb")
    assert cleaning.country("203.0.113.9") == ""


# --- the buffer --------------------------------------------------------------
@pytest.fixture
def quiet(monkeypatch):
    """Makes buffers whose thread does not run."""
    monkeypatch.setattr(Buffer, "_ensure_thread", lambda _self: None)
    return Buffer


def dropped_full() -> float:
    return OURS.get_sample_value("hazebot_analytics_events_total", {"result": "dropped_full"}) or 0


def test_what_finds_no_room_is_dropped_and_counted(quiet, monkeypatch):
    monkeypatch.setattr("analytics.collecting.buffering.MAX_WAITING", 3)
    stored = []
    buffer, before = quiet(stored.extend), dropped_full()
    for _ in range(5):
        buffer.add(seen())
    assert (len(buffer), buffer.dropped, dropped_full() - before) == (3, 2, 2)
    assert buffer.flush() and len(stored) == 3 and len(buffer) == 0


def test_what_the_database_does_not_take_waits_in_its_order(quiet):
    stored, broken = [], [True]

    def store_or_fail(batch):
        if broken.pop():
            raise OperationalError("away")
        stored.extend(batch)
        broken.append(False)

    buffer = quiet(store_or_fail)
    uses = [seen(number) for number in range(5)]
    for use in uses:
        buffer.add(use)
    assert not buffer.flush()
    assert len(buffer) == 5 and buffer.dropped == 0
    broken.append(False)
    assert buffer.flush() and stored == uses


def test_what_finds_no_room_when_it_comes_back_is_dropped_and_counted(quiet, monkeypatch):
    monkeypatch.setattr("analytics.collecting.buffering.MAX_WAITING", 3)

    def fail(batch):
        buffer.add(seen(99))  # somebody else, meanwhile
        raise OperationalError("away")

    buffer = quiet(fail)
    for number in range(3):
        buffer.add(seen(number))
    assert not buffer.flush()
    assert (len(buffer), buffer.dropped) == (3, 1)


def test_what_is_broken_or_late_is_dropped_and_blocks_nothing(quiet):
    def refuse(_batch):
        raise DataError("never")

    buffer = quiet(refuse)
    buffer.add(seen(ago=LATE_SECONDS + 5))
    buffer.add(seen())
    assert buffer.flush() and buffer.dropped == 2


@pytest.mark.django_db(transaction=True)
def test_a_thread_writes_it_down_by_itself(settings, app_of, alice):
    settings.ANALYTICS = True
    app_of(alice).get("/api/tickets")
    deadline = time.monotonic() + 20
    while not FeatureUse.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert FeatureUse.objects.exists() and len(collecting_buffer) == 0


def test_it_is_written_down_at_once_when_there_is_enough_of_it(monkeypatch):
    monkeypatch.setattr("analytics.collecting.buffering.GATHER_SECONDS", 60.0)
    monkeypatch.setattr("analytics.collecting.buffering.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("analytics.collecting.buffering.BATCH", 3)
    stored, done = [], threading.Event()

    def store(batch):
        stored.append(len(batch))
        done.set()

    buffer = Buffer(store)
    buffer.add(seen())
    buffer.add(seen())
    assert not done.wait(0.2)
    buffer.add(seen())
    assert done.wait(10) and stored == [3]


# --- the map -----------------------------------------------------------------
NO_FEATURE = {
    "api/auth": "signing in and proving it",
    "api/discord": "signing in",
    "api/health": "machines", "api/schema": "programmers", "api/docs/": "programmers", "api/ping": "machines",
    "api/stats": "looking at the analytics", "api/active-sessions": "as that", "api/analytics": "as that",
    "api/admin": "rare, and in the audit log",
    "api/redoc/": "programmers", "api/status": "machines", "api/push/": "machines",
    "api/monitors/export": "rare",
}  # fmt: skip
BY_ITSELF = {
    "GET api/notification-channels", "GET api/notification-channels/<channel_id>", "GET api/maintenance",
    "GET api/maintenance/<window_id>", "GET api/escalation-policies",
    "GET api/escalation-policies/<policy_id>",
    "GET api/users/me", "GET api/tickets/options", "GET api/config", "GET api/config/schema",
    "GET api/config/<section>/history", "GET api/config/<section>/verification", "GET api/cogs",
    "GET api/guild/channels", "GET api/guild/roles", "GET api/tickets/<ticket_id>/discord",
    "GET api/tickets/<ticket_id>/messages", "GET api/tickets/<ticket_id>/events",
    "GET api/tickets/<ticket_id>/attachments/<attachment_id>", "POST api/tickets/<ticket_id>/mark-read",
    "GET api/tickets/<ticket_id>/presence", "GET api/rocket-league/link", "POST api/notifications/read",
    "GET api/rocket-league/check-ranks", "POST api/rocket-league/check-ranks",
    "GET api/rocket-league/check-ranks/<check_id>",
    "POST api/notifications/register-token",
    "DELETE api/notifications/register-token", "POST api/notifications/test",
    "GET api/notifications/settings",
    "GET api/notifications/preferences", "GET api/notifications/email", "DELETE api/notifications/email",
    "GET api/tickets/webhooks", "POST api/tickets/webhooks", "GET api/tickets/webhooks/<webhook_id>",
    "PATCH api/tickets/webhooks/<webhook_id>", "DELETE api/tickets/webhooks/<webhook_id>",
    "POST api/tickets/webhooks/<webhook_id>/test", "GET api/tickets/webhooks/<webhook_id>/deliveries",
}  # fmt: skip


def test_every_call_is_a_feature_or_none_on_purpose():
    counted = {(method, f"/{route.replace('<str:', '<')}") for method, route in CALLS}
    there = set(routes(get_resolver().url_patterns))
    assert counted <= there
    others = {f"{method} {route[1:]}" for method, route in there - counted}
    others = {call for call in others if not call.partition(" ")[2].startswith(tuple(NO_FEATURE))}
    assert others == BY_ITSELF
    assert EVENTS.keys() <= handlers._handlers.keys()


def test_collecting_asks_the_database_nothing_more(collecting, settings, app_of, alice, ticket):
    app, path, found = app_of(alice), f"/api/tickets/{ticket.public_id}", []
    app.get(path)
    for settings.ANALYTICS in (False, True):
        with CaptureQueriesContext(connection) as captured:
            app.get(path)
        found.append(len(captured))
    assert found[0] == found[1]
    assert len(collecting) == 2
