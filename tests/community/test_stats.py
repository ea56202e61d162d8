"""A player's ranks over HTTP, from a rank API that has good and bad days; and whose account a player is."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from botconfig.services import set_by_bot
from community import asking
from community.rocketleague.models import LinkedAccount, Profile, SourcePause
from hazesite.jobs.models import Job
from tests.servers.sources import RankServer

pytestmark = pytest.mark.django_db(transaction=True)
STATS = "/api/rocket-league/stats/{}/{}"
LINK = "/api/rocket-league/link"
SQUISHY = {"platform": "steam", "username": "Squishy"}


@pytest.fixture
def member(alice, client_of):
    return client_of(alice)


def grow_old(**by):
    for row in Profile.objects.all():
        at = row.fetched_at and row.fetched_at - timedelta(**by)
        Profile.objects.filter(pk=row.pk).update(fetched_at=at, retry_at=None)
    SourcePause.objects.all().delete()


def test_ranks_have_the_documented_shape(member, ranks):
    ranks.rank("steam", "Squishy", "Champion II", playlist=11, mmr=1215)
    ranks.rank("steam", "Squishy", "Unranked", playlist=10)
    answer = member.get(STATS.format("steam", "Squishy"))
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert body.pop("fetched_at").endswith("Z")
    assert body == {
        "username": "Squishy",
        "platform": "steam",
        "season": 36,
        "ranks": {
            "1v1": {"tier": "Unranked", "division": None, "mmr": 1000, "tier_number": 0},
            "2v2": {"tier": "Champion II", "division": "Division II", "mmr": 1215, "tier_number": 17},
        },
        "cached": False,
    }
    assert ranks.asked[0].path == "/standard/profile/steam/Squishy"
    assert ranks.asked[0].headers["TRN-Api-Key"] == ranks.key


def test_they_are_kept_as_long_as_the_configuration_says(member, ranks):
    ranks.rank("epic", "Über Gamer", "Gold I")
    assert member.get(STATS.format("epic", "Über Gamer")).json()["cached"] is False
    assert member.get(STATS.format("epic", "über gamer")).json()["cached"] is True
    set_by_bot("rocket_league", {"rank_cache_ttl_seconds": 60})
    grow_old(seconds=61)
    assert member.get(STATS.format("epic", "Über Gamer")).json()["cached"] is False
    assert len(ranks.asked) == 2


def test_a_hundred_at_once_ask_once_for_each_player(ranks, member, mallory, moira, client_of):
    for name in ("Squishy", "Zen"):
        ranks.rank("steam", name, "Supersonic Legend")
    ranks.mood = "slow"
    clients = [member, client_of(mallory), client_of(moira)]

    def ask(number):
        try:
            return clients[number % 3].get(STATS.format("steam", ("Squishy", "Zen")[number % 2])).json()
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(100)))
    assert {answer["username"] for answer in answers} == {"Squishy", "Zen"}
    assert sorted(ranks.names()) == ["Squishy", "Zen"]


def test_an_unknown_player_is_404_and_not_asked_for_again_at_once(member, ranks):
    for _ in range(3):
        answer = member.get(STATS.format("psn", "nobody"))
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_player")
    assert len(ranks.asked) == 1


@pytest.mark.parametrize("platform", ["switch", "Steam", "steam'--", "x" * 300])
def test_other_platforms_are_400(member, ranks, platform):
    assert member.get(STATS.format(platform, "Squishy")).status_code == 400
    assert ranks.asked == []


@pytest.mark.parametrize(("name", "status"), [("%2e%2e", 409), ("%20", 400), ("x" * 65, 400), ("a%07b", 409)])
def test_what_is_no_name_is_not_asked_for(member, ranks, name, status):
    assert member.get(STATS.format("steam", name)).status_code == status
    assert ranks.asked == []


def test_a_name_is_no_path(member, ranks):
    member.get(STATS.format("steam", "..%3F&%23%5C"))
    assert [asked.path for asked in ranks.asked] == ["/standard/profile/steam/..?&#\\"]


def test_without_a_key_it_is_said(member, ranks, settings):
    settings.ROCKET_LEAGUE_API_KEY = ""
    answer = member.get(STATS.format("steam", "Squishy"))
    assert (answer.status_code, answer.json()["code"]) == (503, "rocket_league_not_configured")
    assert ranks.asked == []


def test_a_wrong_key_is_a_failure_of_the_source_and_not_of_the_person(member, ranks, settings):
    settings.ROCKET_LEAGUE_API_KEY = "another"
    answer = member.get(STATS.format("steam", "Squishy"))
    assert (answer.status_code, answer.json()["source"]) == (502, "tracker.gg")
    assert "another" not in answer.content.decode()


def test_the_key_follows_no_redirect(member, ranks, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = ["localhost"]
    elsewhere = RankServer().start()
    elsewhere.rank("steam", "Squishy", "Gold I")
    ranks.mood = "moved"
    ranks.moved_to = f"http://localhost:{elsewhere.port}/standard/profile/steam/Squishy"
    assert member.get(STATS.format("steam", "Squishy")).status_code == 502
    elsewhere.stop()
    assert elsewhere.asked == []


FAULTS = {
    "broken": (502, "source_failed"),
    "html": (502, "source_failed"),
    "huge": (502, "source_failed"),
    "limited": (503, "source_down"),
    "failing": (503, "source_down"),
    "cut": (503, "source_down"),
    "hangs": (503, "source_down"),
}


@pytest.mark.parametrize("mood", FAULTS)
def test_while_it_is_down_old_ranks_are_given_else_it_is_named(member, ranks, mood, monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE_SECONDS", 0.5)
    ranks.rank("steam", "Squishy", "Gold I")
    member.get(STATS.format("steam", "Squishy"))
    grow_old(days=2)
    ranks.mood = mood
    answer = member.get(STATS.format("steam", "Squishy"))
    assert (answer.status_code, answer.json()["cached"]) == (200, True)
    answer = member.get(STATS.format("steam", "Zen"))
    assert (answer.status_code, answer.json()["code"]) == FAULTS[mood]
    assert answer.json()["source"] == "tracker.gg"


def test_when_it_wants_to_be_left_alone_nobody_asks_for_anybody(member, ranks):
    ranks.mood, ranks.retry_after = "limited", 120
    assert member.get(STATS.format("steam", "Squishy")).status_code == 503
    ranks.mood = "well"
    ranks.rank("steam", "Zen", "Gold I")
    assert member.get(STATS.format("steam", "Zen")).status_code == 503
    assert len(ranks.asked) == 1
    left = (Profile.objects.get(key="steam:zen").retry_at - timezone.now()).total_seconds()
    assert 115 < left <= 120
    grow_old()
    assert member.get(STATS.format("steam", "Zen")).status_code == 200


# --- linking -----------------------------------------------------------------
def test_linking_and_what_is_read_of_it(member, ranks, do_jobs):
    ranks.rank("steam", "Squishy", "Gold I")
    answer = member.post(LINK, SQUISHY)
    assert answer.status_code == 200 and answer.json()["success"] is True
    assert member.get(LINK).json()["ranks"] == {}
    assert do_jobs() == 1
    body = member.get(LINK).json()
    assert (body["username"], body["ranks"]["2v2"]["tier"], body["error"]) == ("Squishy", "Gold I", "")
    assert member.delete(LINK).json()["success"] is True
    for verb in (member.get, member.delete):
        assert (verb(LINK).status_code, verb(LINK).json()["code"]) == (404, "nothing_linked")


def test_an_account_is_one_persons(member, mallory, client_of):
    member.post(LINK, SQUISHY)
    other = client_of(mallory)
    answer = other.post(LINK, {"platform": "steam", "username": "sQUISHY"})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")
    assert other.post(LINK, {"platform": "epic", "username": "Squishy"}).status_code == 200
    assert other.post(LINK, SQUISHY).status_code == 409
    assert other.get(LINK).json()["platform"] == "epic"  # what was refused took nothing away


def test_a_person_has_one_account(member, ranks):
    member.post(LINK, SQUISHY)
    before = LinkedAccount.objects.get()
    assert member.post(LINK, SQUISHY).status_code == 200
    assert LinkedAccount.objects.get().pk == before.pk
    assert Job.objects.filter(task__endswith="check_account").count() == 1
    member.post(LINK, {"platform": "xbl", "username": "Zen"})
    assert LinkedAccount.objects.get().username == "Zen"


@pytest.mark.parametrize(
    "body",
    [{}, {"platform": "steam"}, {"platform": "wii", "username": "x"}, {"platform": "steam", "username": " "},
     {"platform": "steam", "username": 7}, {"platform": "steam", "username": "x" * 65},
     {**SQUISHY, "user_id": "1"}],
)  # fmt: skip
def test_bad_links_change_nothing(member, body):
    member.post(LINK, SQUISHY)
    assert member.post(LINK, body).status_code == 400
    assert member.post(LINK, {"platform": "steam", "username": ".."}).status_code == 409
    assert LinkedAccount.objects.get().username == "Squishy"


def test_of_two_who_link_the_same_at_once_one_has_it(member, mallory, client_of):
    clients, start = [member, client_of(mallory)], threading.Barrier(2)

    def link(client):
        start.wait()
        try:
            return client.post(LINK, SQUISHY).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(link, clients)) == [200, 409]
