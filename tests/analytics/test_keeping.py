"""What is kept for how long, and what is forgotten with a person, with a salt, or at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import erasing
from accounts.exporting import pieces
from analytics import days, keeping
from analytics.answers import people
from analytics.answers.window import last_days
from analytics.collecting import visitors
from analytics.jobs import add_up_usage, look_after_partitions
from analytics.models import (
    ErrorDay,
    FeatureUse,
    OptOut,
    Salt,
    SessionDay,
    TicketFact,
    UsageDay,
    UsageSession,
    Visitor,
)
from analytics.rollups import running
from hazesite import partitions
from hazesite.audit.models import AuditEntry
from hazesite.errors import NotAllowed
from tests.analytics.test_collecting import seen
from tickets.services import open_ticket

pytestmark = pytest.mark.django_db
USAGE = {"uses_by_hour": [], "failures_by_hour": [], "visitors": b"", "visitors_by_hour": b""}
SESSIONS = {"lengths": {}, "devices": {}, "countries": {}}


@pytest.fixture
def store():
    from analytics.collecting.storing import store

    return store


def use(days_ago: float, **more) -> FeatureUse:
    at = timezone.now() - timedelta(days=days_ago)
    more = {"visitor": 1, "session": 1, "feature": "profile", "platform": "Web", "role": "admin"} | more
    return FeatureUse(at=at, uses=1, **more)


def test_each_class_is_kept_for_its_own_time(settings, monkeypatch):
    settings.ANALYTICS_KEEP_EVENTS_DAYS, settings.ANALYTICS_KEEP_SESSIONS_DAYS = 10, 20
    settings.ANALYTICS_KEEP_DAYS = 30
    monkeypatch.setattr(keeping, "PORTION", 7)
    FeatureUse.objects.bulk_create(use(ago) for ago in (1, 9, 12, 15, 40) for _ in range(10))
    for ago in (1, 15, 25, 40):
        at = timezone.now() - timedelta(days=ago)
        UsageSession.objects.create(
            thread=ago, visitor=1, started_at=at, last_at=at, ended_at=at, platform="Web", role="admin"
        )
        kind = {"day": at.date(), "platform": "Web", "role": "admin"}
        UsageDay.objects.create(**kind, **dict.fromkeys(("uses", "failures"), 1), **USAGE)
        SessionDay.objects.create(**kind, **dict.fromkeys(("sessions", "seconds", "actions"), 1), **SESSIONS)
    out = StringIO()
    call_command("cleanup_sessions", stdout=out)
    assert FeatureUse.objects.count() == 20 or connection.vendor == "postgresql"
    assert UsageSession.objects.count() == 2
    assert UsageDay.objects.count() == SessionDay.objects.count() == 3
    assert "sessions forgotten: 2" in out.getvalue()


def test_the_last_day_that_is_kept_is_kept_whole_and_the_one_before_is_gone(settings, alice):
    settings.ANALYTICS_KEEP_EVENTS_DAYS = settings.ANALYTICS_KEEP_SESSIONS_DAYS = 10
    settings.ANALYTICS_KEEP_DAYS = 10
    day = days.today() - timedelta(days=9)
    begin, moment = days.begin_of(day), timedelta(microseconds=1)
    for number, (on, at) in enumerate(((day, begin), (day - timedelta(days=1), begin - moment))):
        FeatureUse.objects.create(
            at=at, visitor=1, session=1, feature="profile", platform="Web", role="admin", uses=1
        )
        UsageSession.objects.create(
            thread=number, visitor=1, started_at=at, last_at=at, ended_at=at, platform="Web", role="admin"
        )
        kind = {"day": on, "platform": "Web", "role": "admin"}
        UsageDay.objects.create(**kind, **dict.fromkeys(("uses", "failures"), 1), **USAGE)
        SessionDay.objects.create(**kind, **dict.fromkeys(("sessions", "seconds", "actions"), 1), **SESSIONS)
        ErrorDay.objects.create(day=on, fingerprint="a", count=1, total=1)
        TicketFact.objects.create(
            ticket=open_ticket(alice, "It does not start", f"Time {number}."), opened_at=at
        )
    keeping.forget_old()
    for model, column in ((FeatureUse, "at"), (UsageSession, "started_at"), (TicketFact, "opened_at")):
        assert list(model.objects.values_list(column, flat=True)) == [begin], model
    for model in (UsageDay, SessionDay, ErrorDay):
        assert list(model.objects.values_list("day", flat=True)) == [day], model


def test_an_erased_person_leaves_numbers_that_mean_nobody(store, alice, mallory, ada):
    store([seen(alice.pk, ago=90), seen(mallory.pk, ago=80), seen(alice.pk, feature="memes.random")])
    running.run()
    erasing.run(erasing.begin_erasing(alice, ada))
    assert FeatureUse.objects.count() == UsageSession.objects.count() == Visitor.objects.count() == 1
    assert UsageSession.objects.get().user == mallory
    assert people.active_count(last_days(2)) == 2  # the figures stay as they were


def test_an_export_holds_ones_own_uses(store, alice, mallory):
    store([seen(alice.pk, platform="iOS"), seen(mallory.pk, feature="memes.random")])
    text = b"".join(pieces(alice)).decode()
    assert '"tickets.list"' in text and '"iOS"' in text and "memes.random" not in text


def test_with_a_new_salt_nobody_knows_whose_the_old_numbers_were(settings, store, alice, monkeypatch):
    settings.ANALYTICS_SALT_DAYS = 7
    monkeypatch.setattr(visitors.time, "time", lambda: 8 * 86_400.0)
    store([seen(alice.pk)])
    first = visitors.visitors_known_as(alice.pk)
    monkeypatch.setattr(visitors.time, "time", lambda: 15 * 86_400.0)
    store([seen(alice.pk)])
    second = visitors.visitors_known_as(alice.pk)
    assert len(first) == len(second) == 1 and first != second
    assert Salt.objects.count() == 1 and Visitor.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_reset_wants_the_words_and_is_written_down(store, alice, ada, moira, client_of):
    store([seen(alice.pk)])
    running.run()
    for words, status in (("", 400), ("yes", 409), ("reset", 409)):
        answer = client_of(ada).post("/api/analytics/reset", {"confirm": words})
        assert answer.status_code == status and UsageDay.objects.exists()
    with pytest.raises(NotAllowed):
        keeping.reset(moira, keeping.CONFIRM)
    assert client_of(ada).post("/api/analytics/reset", {"confirm": keeping.CONFIRM}).json()["uses"] == 1
    for model in (FeatureUse, UsageSession, UsageDay, SessionDay, Visitor):
        assert not model.objects.exists()
    entry = AuditEntry.objects.get(verb="analytics.reset")
    assert (entry.actor, entry.after) == (ada, {"uses": 1})
    assert alice.sessions.count() == 0 and not OptOut.objects.exists()
    store([seen(alice.pk)])
    running.run()
    assert people.active_count(last_days(2)) == 1


def test_commands_for_cron(store, alice, ticket):
    store([seen(alice.pk)])
    out = StringIO()
    call_command("rollup", stdout=out)
    assert "1 tickets" in out.getvalue() and TicketFact.objects.exists()
    call_command("rollup", "--since", str(timezone.now().date()), stdout=out)
    with pytest.raises(CommandError):
        call_command("rollup", "--since", "2001-01-01", stdout=out)
    assert add_up_usage.func()["days"] >= 1
    assert look_after_partitions.func() == 0


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="partitions are PostgreSQL's")
def test_partitions_are_made_ahead_take_in_strays_and_go_at_once():
    day = date(2031, 5, 4)
    FeatureUse.objects.create(
        at=datetime(2031, 5, 4, 23, 59, tzinfo=UTC), visitor=1, session=1, feature="profile", platform="Web",
        role="admin", uses=3,
    )  # fmt: skip
    assert partitions.ensure(FeatureUse, [day]) == 1
    assert partitions.ensure(FeatureUse, [day]) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(uses) FROM analytics_featureuse_d20310504")
        assert cursor.fetchone() == (3,)
        cursor.execute("SELECT count(*) FROM analytics_featureuse_strays")
        assert cursor.fetchone() == (0,)
    assert partitions.ensure_ahead(FeatureUse, 7) == 9
    assert partitions.drop_before(FeatureUse, date(2031, 5, 5)) == 10
    assert not FeatureUse.objects.exists()


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="partitions are PostgreSQL's")
def test_strays_of_days_nobody_made_are_forgotten_in_their_time(settings):
    settings.ANALYTICS_KEEP_EVENTS_DAYS = 10
    FeatureUse.objects.bulk_create([use(8.9), use(12, visitor=2), use(400, visitor=3)])
    keeping.forget_old()
    assert [use.visitor for use in FeatureUse.objects.all()] == [1]
