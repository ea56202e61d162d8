"""The meme of the day: once, at its time, into its channel."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from botconfig.services import set_by_bot
from community.memes import daily
from community.memes.models import DailyMeme, Listing
from hazesite.outgoing.models import Delivery
from tests.community.stock import meme, stock_memes

pytestmark = pytest.mark.django_db
CHANNEL, ROLE = "112233445566778899", "998877665544332211"


@pytest.fixture(autouse=True)
def switched_on(db):
    set_by_bot("meme", {"daily_enabled": True, "daily_hour": 12, "daily_minute": 30})
    set_by_bot("channels", {"meme_channel_id": CHANNEL})
    stock_memes()


def at(hour, minute=0, day=3):
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


def test_it_comes_at_its_time_and_once_a_day():
    assert not daily.post_daily_meme(at(12, 29))
    assert daily.post_daily_meme(at(12, 30))
    assert not daily.post_daily_meme(at(12, 31))
    assert not daily.post_daily_meme(at(23, 59))
    assert daily.post_daily_meme(at(15, day=4))  # late: nobody worked at noon
    assert [row.target for row in Delivery.objects.all()] == [f"channel:{CHANNEL}"] * 2
    first, second = DailyMeme.objects.order_by("day")
    assert (first.day, second.day) == (date(2026, 6, 3), date(2026, 6, 4))
    assert first.url != second.url


def test_what_is_posted_names_its_source_and_pings_the_role_alone():
    set_by_bot("roles", {"meme_role_id": ROLE})
    daily.post_daily_meme(at(13))
    payload = Delivery.objects.get().payload
    assert (payload["content"], payload["pings"]) == (f"<@&{ROLE}>", {"roles": [ROLE], "users": []})
    assert payload["embeds"][0]["image"]["url"].startswith("https://pictures.example/")
    assert "memes" in payload["embeds"][0]["footer"]["text"]


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("meme", {"daily_enabled": False}),
        ("channels", {"meme_channel_id": None}),
        ("meme", {"daily_hour": 20}),
    ],
)
def test_it_does_not_come(section, values):
    set_by_bot(section, values)
    assert not daily.post_daily_meme(at(13))
    assert not DailyMeme.objects.exists() and not Delivery.objects.exists()


def test_its_time_is_that_of_the_community_in_summer_and_in_winter():
    set_by_bot("meme", {"daily_time_zone": "Europe/Berlin"})
    assert not daily.post_daily_meme(datetime(2026, 7, 1, 10, 29, tzinfo=UTC))
    assert daily.post_daily_meme(datetime(2026, 7, 1, 10, 30, tzinfo=UTC))
    assert not daily.post_daily_meme(datetime(2026, 12, 1, 11, 29, tzinfo=UTC))
    assert daily.post_daily_meme(datetime(2026, 12, 1, 11, 30, tzinfo=UTC))


def test_without_memes_it_is_tried_again(reddit):
    reddit.mood = "failing"
    set_by_bot("meme", {"meme_sources": ["reddit"]})
    Listing.objects.all().delete()
    assert not daily.post_daily_meme(at(13))
    assert not daily.post_daily_meme(at(13, 1))
    assert len(reddit.asked) == 1
    stock_memes()
    assert daily.post_daily_meme(at(13, 2))


def test_a_meme_does_not_come_again_for_a_month():
    set_by_bot("meme", {"meme_sources": ["reddit"]})
    stock_memes(10)
    posted = [daily.post_daily_meme(at(13, day=day)) for day in range(1, 11)]
    assert all(posted)
    assert DailyMeme.objects.values("url").distinct().count() == 10


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_posts():
    stock_memes()
    start, results = threading.Barrier(2), []

    def work(number):
        start.wait()
        results.append(daily.queue_daily_meme(date(2026, 6, 3), meme(number)))
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True]
    assert Delivery.objects.count() == DailyMeme.objects.count() == 1
