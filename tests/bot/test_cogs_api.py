"""Asking the running bot over the API: answered with what the bot says, or that nobody would."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import orjson
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from bot.models import Mirror
from bot.stats import stats
from botconfig import cogs
from botconfig.errors import BotSlow
from botconfig.models import BotCommand, BotPresence, Cog, GuildChannel, GuildRole
from hazesite.front import Front
from hazesite.later import LATER

pytestmark = pytest.mark.django_db
REFUSED = {"status": 409, "code": "cog_failed", "message": "RuntimeError: not today"}


@pytest.fixture
def admin(ada, client_of):
    return client_of(ada)


def is_there(**facts):
    until = timezone.now() + timedelta(seconds=15)
    shown = {"connected": True, "latency_ms": 21.5, "guilds": 1, "members": 40} | facts
    since = timezone.now() - timedelta(minutes=5)
    BotPresence.objects.update_or_create(
        name="bot", defaults={"until": until, "since": since, "facts": shown}
    )


@pytest.mark.parametrize("verb", ["load", "unload", "reload"])
def test_without_a_bot_it_is_said_at_once_and_nothing_is_left_to_do(admin, verb):
    started = time.monotonic()
    answer = admin.post(f"/api/cogs/{verb}", {"cog_name": "tickets"})
    assert (answer.status_code, answer.json()["code"]) == (503, "bot_offline")
    assert time.monotonic() - started < 2
    assert not BotCommand.objects.exists()


def test_a_bot_that_lost_discord_counts_as_away(admin):
    is_there(connected=False)
    assert admin.post("/api/cogs/load", {"cog_name": "tickets"}).json()["code"] == "bot_offline"


def test_a_bot_that_does_not_answer_in_time(admin, monkeypatch):
    is_there()
    monkeypatch.setattr(cogs, "ANSWER_SECONDS", 0.2)
    answer = admin.post("/api/cogs/load", {"cog_name": "tickets"})
    assert (answer.status_code, answer.json()["code"]) == (503, "bot_slow")


@pytest.mark.django_db(transaction=True)
def test_what_the_bot_says_is_the_answer(admin):
    is_there()

    def be_the_bot():
        deadline = time.monotonic() + 10
        while not (asked := cogs.unanswered()) and time.monotonic() < deadline:
            time.sleep(0.02)
        cogs.note_answer(asked[0], REFUSED)
        connection.close()

    bot = threading.Thread(target=be_the_bot)
    bot.start()
    answer = admin.post("/api/cogs/reload", {"cog_name": "tickets"})
    bot.join()
    assert answer.status_code == 409
    assert answer.json().items() >= {"error": REFUSED["message"], "code": "cog_failed"}.items()


def test_questions_nobody_waits_for_any_more_are_left_alone(ada):
    is_there()
    late = cogs.ask("load", {"cog_name": "tickets"}, ada)
    BotCommand.objects.update(asked_at=timezone.now() - timedelta(seconds=15))
    asked = cogs.ask("unload", {"cog_name": "tickets"}, ada)
    assert cogs.unanswered() == [asked]
    assert cogs.answer_to(late) is None


@pytest.mark.parametrize("body", [{}, {"cog_name": ""}, {"cog_name": 7}, {"cog_name": "a", "force": True}])
def test_bad_questions_are_refused(admin, body):
    is_there()
    assert admin.post("/api/cogs/load", body).status_code == 400
    assert not BotCommand.objects.exists()


def test_the_list_shows_nothing_as_loaded_without_a_bot(admin):
    Cog.objects.create(name="tickets", loaded=True)
    Cog.objects.create(name="welcome", loaded=False, error="RuntimeError: not today")
    shown = {one["name"]: one for one in admin.get("/api/cogs").json()["cogs"]}
    assert shown["tickets"]["loaded"] is False
    assert shown["welcome"]["error"] == "RuntimeError: not today"
    is_there()
    assert admin.get("/api/cogs").json()["cogs"][0]["loaded"] is True


def test_figures_with_and_without_a_bot(admin, ada, ticket, django_assert_num_queries):
    assert admin.get("/api/admin/stats").json() == {
        "bot_online": False,
        "bot_uptime": 0,
        "bot_latency_ms": None,
        "total_guilds": 0,
        "total_members": 0,
        "total_tickets": 1,
        "open_tickets": 1,
        "mirrors_behind": 0,
        "mirrors_behind_seconds": 0.0,
    }
    is_there()
    Mirror.objects.create(ticket=ticket, behind_since=timezone.now() - timedelta(seconds=90))
    with django_assert_num_queries(3):
        shown = stats(ada)
    assert 300 <= shown["bot_uptime"] < 310
    assert 90 <= shown["mirrors_behind_seconds"] < 100
    assert (
        shown.items()
        >= {
            "bot_online": True,
            "bot_latency_ms": 21.5,
            "total_members": 40,
            "mirrors_behind": 1,
        }.items()
    )


def test_channels_and_roles_for_pickers_have_their_ids_as_text(admin):
    GuildChannel.objects.create(id=2**60 + 1, name="general", kind="text", parent_id=2**60, position=1)
    GuildRole.objects.create(id=2**60 + 2, name="Admin", color=0xFF0000, position=3)
    assert admin.get("/api/guild/channels").json()["channels"] == [
        {"id": str(2**60 + 1), "name": "general", "kind": "text", "parent_id": str(2**60)}
    ]
    assert admin.get("/api/guild/roles").json()["roles"] == [
        {"id": str(2**60 + 2), "name": "Admin", "color": 0xFF0000}
    ]


# --- waiting on the event loop ----------------------------------------------------
async def through_front(look, seconds=5.0):
    """What the outermost layer sends for a view that leaves `look`; and that the view was done before."""

    async def page(scope, _receive, send):
        later = scope[LATER]
        later.look, later.seconds, later.too_late = look, seconds, BotSlow()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/api/cogs/load", "headers": []}
    await Front(page, page)(scope, receive, send)
    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["status"], orjson.loads(sent[1]["body"])


async def test_many_wait_at_once_without_a_thread_each():
    open_at = time.monotonic() + 0.5

    def look():
        return (200, {"success": True}) if time.monotonic() > open_at else None

    answers = await asyncio.gather(*(through_front(look) for _ in range(50)))
    assert answers == [(200, {"success": True})] * 50
    assert time.monotonic() - open_at < 5


async def test_the_loop_gives_up_in_time():
    status, body = await through_front(lambda: None, 0.2)
    assert (status, body["code"]) == (503, "bot_slow")
    assert body["request_id"]


async def test_a_database_that_is_away_for_a_moment_loses_no_answer():
    failures = [OperationalError("the server closed the connection")]

    def look():
        if failures:
            raise failures.pop()
        return 200, {"success": True}

    assert await through_front(look) == (200, {"success": True})
    assert not failures
