"""Who calls in at a push monitor, and what they say: from the address they ask to the page that shows it."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from monitoring.connecting import Connections
from monitoring.engine import results
from monitoring.engine.attempts import attempt
from monitoring.models import Check, Incident, Monitor, SlowSpell, Status
from tests.monitoring.engine import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def backup() -> Monitor:
    return stage.monitor("Backup", timezone.now(), type="push", url="", push_token="a-token", interval=3600)


@async_to_sync
async def checked(claim: results.Claim) -> results.Result:
    connections = Connections()
    try:
        return await attempt(claim.watched, stage.Surroundings(connections))
    finally:
        await connections.close()


def call(client, backup: Monitor, query: str = "") -> Check:
    """They call in, and an engine looks."""
    assert client.get(f"/api/push/a-token{query}").status_code == 200
    now = timezone.now()
    (claim,) = stage.take(now, backup)
    results.store([results.Outcome(claim, now, checked(claim))], now)
    return Check.objects.get(monitor=backup, at=now)


def test_what_they_say_and_how_long_it_took_is_kept(client, backup, happened):
    check = call(client, backup, "?status=up&msg=42+files+%F0%9F%A6%80&ping=12.5")
    assert (check.status, check.answer, check.response_ms, check.error) == (
        Status.UP,
        "42 files 🦀",
        12.5,
        "",
    )
    # Who says nothing has no response time: what the engine needs to look is none.
    check = call(client, backup)
    assert (check.status, check.answer, check.response_ms) == (Status.UP, "OK", None)


def test_who_says_that_it_is_down_says_why_from_the_first_call_on(client, backup, happened):
    check = call(client, backup, "?status=down&msg=disk+full&ping=900")
    assert (check.status, check.answer, check.response_ms) == (Status.DOWN, "disk full", 900)
    assert Incident.objects.get().cause == "Who calls in says that it is down: disk full"
    assert call(client, backup, "?status=up&msg=freed").status == Status.UP
    assert call(client, backup, "?status=down").error == "Who calls in says that it is down"


def test_a_limit_holds_for_the_time_they_tell(client, backup, happened):
    call(client, backup, "?ping=700")
    assert SlowSpell.objects.get().response_ms == 700


def test_the_page_shows_what_they_said_and_admins_where_to_call_in(client, backup, happened, ada, moira):
    call(client, backup, "?msg=42+files&ping=1234")
    for reader, sees in ((ada, True), (moira, False)):
        client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
        page = client.get(f"/monitors/{backup.pk}/").content.decode()
        assert "42 files" in page and "1234" in page.replace(",", "")
        assert ("/api/push/a-token" in page) is sees
