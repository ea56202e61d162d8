"""Random memes over HTTP, through the real client, from sources that have good and bad days."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from botconfig.services import set_by_bot
from community import asking, shelf
from community.memes import services
from community.memes.models import Listing, Shown
from community.memes.sources import _scheme

pytestmark = pytest.mark.django_db(transaction=True)
RANDOM = "/api/memes/random"


@pytest.fixture
def member(alice, client_of):
    return client_of(alice)


def grow_old(**by):
    """All that is known was fetched so long ago, and pauses are over."""
    for row in Listing.objects.all():
        at = row.fetched_at and row.fetched_at - timedelta(**by)
        Listing.objects.filter(pk=row.pk).update(fetched_at=at, retry_at=None)


def test_a_meme_of_reddit_has_all_its_fields(member, reddit):
    reddit.post("It works", "https://i.redd.it/it.png", subreddit="dankmemes", score=4321)
    answer = member.get(RANDOM, {"source": "reddit"})
    assert answer.status_code == 200, answer.json()
    assert answer.json() == {
        "title": "It works",
        "url": "https://i.redd.it/it.png",
        "source": "reddit",
        "subreddit": "dankmemes",
        "community": None,
        "author": "someone",
        "score": 4321,
        "permalink": "https://www.reddit.com/r/dankmemes/comments/00000/",
        "nsfw": False,
    }
    [asked] = reddit.asked
    assert asked.path == "/r/memes+dankmemes/hot.json"
    assert asked.headers["User-Agent"].startswith("HazeBot/")


def test_a_meme_of_lemmy_has_its_community(member, lemmy):
    lemmy.post("Penguins", "https://pictures.example/p.webp", score=88)
    body = member.get(RANDOM, {"source": "lemmy"}).json()
    assert (body["source"], body["subreddit"], body["community"]) == ("lemmy", None, f"{lemmy.host}@memes")
    assert (body["title"], body["score"], body["author"]) == ("Penguins", 88, "lemming")
    assert lemmy.asked[0].query["community_name"] == "memes"


def test_what_does_not_fit_is_left_out(member, reddit):
    reddit.post("Fits", "https://i.redd.it/fits.jpg?width=640")
    for flag in ("over_18", "stickied", "is_video", "is_gallery", "is_self", "spoiler"):
        reddit.post(flag, "https://i.redd.it/no.jpg", **{flag: True})
    reddit.post("few points", "https://i.redd.it/few.jpg", score=9)
    reddit.post("a page", "https://example.org/article")
    reddit.post("no picture", "javascript:alert(1)//x.png")
    reddit.posts.append({"kind": "t3", "data": {"title": "misshapen", "url": "https://i.redd.it/m.png"}})
    reddit.posts.append("nonsense")
    assert {member.get(RANDOM, {"source": "reddit"}).json()["title"] for _ in range(6)} == {"Fits"}


def test_what_does_not_fit_of_lemmy_is_left_out(member, lemmy):
    lemmy.post("Fits", "https://pictures.example/f.png")
    for flag in ("nsfw", "removed", "deleted", "featured_community"):
        lemmy.post(flag, "https://pictures.example/n.png", **{flag: True})
    lemmy.post("words", None)
    assert {member.get(RANDOM, {"source": "lemmy"}).json()["title"] for _ in range(4)} == {"Fits"}


def test_no_meme_comes_twice_until_all_were_seen(member, reddit, mallory, client_of):
    reddit.pictures(12)
    seen = [member.get(RANDOM, {"source": "reddit"}).json()["url"] for _ in range(12)]
    assert len(set(seen)) == 12
    assert member.get(RANDOM, {"source": "reddit"}).json()["url"] == seen[0]  # the one seen longest ago
    assert client_of(mallory).get(RANDOM, {"source": "reddit"}).json()["url"] in seen
    Shown.objects.update(at=timezone.now() - timedelta(hours=25))
    assert services.forget_shown_memes() == 13


def test_a_hundred_at_once_ask_each_source_once(reddit, lemmy, alice, mallory, moira, ada, client_of):
    reddit.pictures(60)
    for number in range(60):
        lemmy.post(f"Lemming {number}", f"https://pictures.example/{number}.png")
    reddit.mood = lemmy.mood = "slow"
    clients = [client_of(user) for user in (alice, mallory, moira, ada)]

    def ask(number):
        try:
            query = [{}, {"source": "reddit"}, {"source": "lemmy"}][number % 3]
            return clients[number % 4].get(RANDOM, query)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert (len(reddit.asked), len(lemmy.asked)) == (1, 1)
    for client in range(4):
        shown = [answer.json()["url"] for answer in answers[client::4]]
        assert len(set(shown)) == len(shown)


def test_within_the_period_nothing_is_asked_again_and_after_it_once(member, reddit):
    reddit.pictures(3)
    for _ in range(3):
        member.get(RANDOM, {"source": "reddit"})
    assert len(reddit.asked) == 1
    grow_old(minutes=16)
    reddit.post("New", "https://i.redd.it/new.png")
    assert member.get(RANDOM, {"source": "reddit"}).status_code == 200  # at once, from what is known
    wait_for(lambda: len(Listing.objects.get().value) == 4)
    assert len(reddit.asked) == 2


def wait_for(until, seconds=8):
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


FAULTS = {
    "broken": (502, "source_failed"),
    "html": (502, "source_failed"),
    "huge": (502, "source_failed"),
    "forbidden": (502, "source_failed"),
    "limited": (503, "source_down"),
    "failing": (503, "source_down"),
    "cut": (503, "source_down"),
    "hangs": (503, "source_down"),
    "drips": (503, "source_down"),
}


@pytest.mark.parametrize("mood", FAULTS)
def test_a_source_that_fails_is_named_and_left_alone_for_a_while(member, reddit, mood, monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE_SECONDS", 0.5)
    reddit.mood = mood
    answers = [member.get(RANDOM, {"source": "reddit"}) for _ in range(3)]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == FAULTS[mood], answer.json()
        assert answer.json()["source"] == "reddit" and "reddit" in answer.json()["error"]
        assert answer.json()["request_id"]
    assert len(reddit.asked) == 1
    row = Listing.objects.get()
    assert row.retry_at > timezone.now() + timedelta(seconds=20)


def test_a_source_says_how_long_it_wants_to_be_left_alone(member, reddit):
    reddit.mood, reddit.retry_after = "limited", 600
    assert member.get(RANDOM, {"source": "reddit"}).status_code == 503
    left = (Listing.objects.get().retry_at - timezone.now()).total_seconds()
    assert 590 < left < 601


@pytest.mark.parametrize("mood", ["broken", "limited", "cut"])
def test_one_that_fails_is_made_up_for_by_the_other(member, reddit, lemmy, mood):
    lemmy.post("Penguins", "https://pictures.example/p.webp")
    reddit.mood = mood
    assert {member.get(RANDOM).json()["source"] for _ in range(4)} == {"lemmy"}
    grow_old(hours=3)
    lemmy.mood, reddit.mood = mood, "well"
    reddit.pictures(1)
    assert {member.get(RANDOM).json()["source"] for _ in range(4)} == {"reddit"}


def test_when_all_fail_old_memes_are_better_than_none(member, reddit, lemmy):
    reddit.pictures(2)
    assert member.get(RANDOM).json()["source"] == "reddit"
    grow_old(hours=5)
    reddit.mood = lemmy.mood = "failing"
    answer = member.get(RANDOM)
    assert (answer.status_code, answer.json()["source"]) == (200, "reddit")


def test_when_all_fail_and_nothing_is_known_all_are_named(member, reddit, lemmy):
    reddit.mood, lemmy.mood = "html", "failing"
    answer = member.get(RANDOM)
    assert answer.status_code == 503
    assert set(answer.json()["source"].split(", ")) == {"reddit", "lemmy"}


def test_an_instance_of_the_configuration_may_not_be_on_a_private_network(member, lemmy, settings):
    lemmy.post("Penguins", "https://pictures.example/p.webp")
    settings.OUTBOUND_ALLOWED_HOSTS = []
    answer = member.get(RANDOM, {"source": "lemmy"})
    assert (answer.status_code, answer.json()["code"]) == (502, "source_failed")
    assert lemmy.asked == []


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("lemmy.world", "https"),
        ("10.0.0.1:8080", "https"),
        ("127.0.0.1.example.org", "https"),
        ("127.0.0.1:8536", "http"),
        ("localhost", "http"),
        ("[::1]:80", "http"),
    ],
)
def test_instances_are_asked_over_https_unless_they_are_this_machine(host, scheme):
    assert _scheme(host) == scheme


def test_of_several_communities_one_that_fails_is_made_up_for_by_another(member, lemmy):
    lemmy.post("Penguins", "https://pictures.example/p.webp")
    set_by_bot("meme", {"default_lemmy": [f"{lemmy.host}@gone", f"{lemmy.host}@memes"]})
    assert member.get(RANDOM, {"source": "lemmy"}).json()["title"] == "Penguins"


def test_names_of_the_configuration_are_no_paths(member, reddit):
    set_by_bot("meme", {"default_subreddits": ["../../api/v1/me", "r/memes", "a b"]})
    reddit.pictures(1)
    member.get(RANDOM, {"source": "reddit"})
    assert [asked.path for asked in reddit.asked] == ["/r/memes/hot.json"]


def test_a_source_that_is_switched_off(member, reddit):
    set_by_bot("meme", {"meme_sources": ["reddit"]})
    answer = member.get(RANDOM, {"source": "lemmy"})
    assert (answer.status_code, answer.json()["code"]) == (409, "source_off")
    assert member.get(RANDOM, {"source": "4chan"}).status_code == 400
    set_by_bot("meme", {"meme_sources": []})
    assert member.get(RANDOM).status_code == 502


def test_a_claim_of_a_process_that_died_ends(member, reddit, monkeypatch):
    monkeypatch.setattr("community.waiting.WAIT_SECONDS", 0.3)
    reddit.pictures(1)
    wanted = services.wish("reddit")
    later = timezone.now() + timedelta(seconds=30)
    Listing.objects.create(key=wanted.places[0].key, claimed_until=later, fence=3)
    assert member.get(RANDOM, {"source": "reddit"}).json()["code"] == "source_down"
    assert reddit.asked == []
    Listing.objects.update(claimed_until=timezone.now())
    services.listings._known.clear()
    assert member.get(RANDOM, {"source": "reddit"}).status_code == 200


def test_an_answer_that_comes_after_its_claim_was_taken_over_does_not_count(reddit):
    reddit.pictures(1)
    places = services.wish("reddit").places[0]
    row = services.listings._row(places.key)
    assert services.listings._claim(row)
    Listing.objects.update(claimed_until=timezone.now())
    other = Listing.objects.get()
    assert services.listings._claim(other)
    services.listings._fetch(row, places)
    assert Listing.objects.get().value is None
    assert not services.listings._claim(Listing.objects.get())


def test_while_it_is_waited_for_the_row_is_read_as_if_by_one(reddit, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(shelf, "LOOK_SECONDS", 60.0)
    reddit.mood = "hangs"
    places = services.wish("reddit").places[0]
    assert services.listings.ask(places.key, places, services.PERIOD).pending
    with django_assert_num_queries(0):
        for _ in range(100):
            assert services.listings.ask(places.key, places, services.PERIOD).pending
