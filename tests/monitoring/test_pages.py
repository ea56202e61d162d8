"""The pages of staff: who may open them, what they show, and what they cost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.models import Severity, Status, Tag
from tests.monitoring.stock import make_checks, make_incident, make_monitor, make_spells, stock_monitors

pytestmark = pytest.mark.django_db
READ = ("/monitors/", "/monitors/incidents/", "/monitors/settings/")


@pytest.fixture
def enter(client):
    def sign_in(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def names(answer) -> list[str]:
    return [row.monitor.name for row in answer.context["rows"]]


@pytest.fixture
def reading(moira, enter):
    return enter(moira)


@pytest.mark.parametrize("path", READ)
def test_staff_read_a_member_may_not_and_a_stranger_signs_in(path, client, enter, alice, moira, ada):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/admin/login/?next={path}"
    assert enter(alice).get(path).status_code == 403
    assert enter(moira).get(path).status_code == 200
    answer = enter(ada).get(path)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_a_part_that_refreshes_itself_leaves_as_a_whole_when_the_sign_in_is_over(client):
    answer = client.get("/monitors/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/monitors/")


def test_the_list_is_filtered_by_status_type_tag_severity_and_words(reading):
    make_monitor("Shop", Status.DOWN, severity=Severity.CRITICAL, error="refused")
    ping = make_monitor("Router", type="ping", url="", host="router.example.org")
    ping.tags.add(Tag.objects.create(name="network"))
    make_monitor("Blog")
    assert names(reading.get("/monitors/")) == ["Blog", "Router", "Shop"]
    for query, wanted in {
        "status=down": ["Shop"],
        "type=ping": ["Router"],
        "tag=network": ["Router"],
        "severity=critical": ["Shop"],
        "q=ROUTER.example": ["Router"],
        "q=o&status=up": ["Blog", "Router"],
        "q=nobody": [],
        "status=nonsense&severity=nonsense": ["Blog", "Router", "Shop"],
    }.items():
        assert names(reading.get(f"/monitors/?{query}")) == wanted, query


def test_pages_follow_each_other_without_a_gap(reading, settings):
    settings.ITEMS_PER_PAGE = 2
    for name in ("b", "a", "c", "b", "d"):
        make_monitor(name)
    seen, path = [], "/monitors/"
    while True:
        answer = reading.get(path)
        seen += [row.monitor.pk for row in answer.context["rows"]]
        if not answer.context["following"]:
            break
        path = f"/monitors/?after={answer.context['following']}"
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WzEsMl0", "'", "%00", "WyJhIiwgLTFd"])
def test_a_broken_cursor_starts_anew(reading, cursor):
    make_monitor("a")
    assert names(reading.get(f"/monitors/?after={cursor}")) in (["a"], [])


def test_what_is_down_stands_above_the_list_with_its_reason(reading):
    make_monitor("Shop", Status.DOWN, error="connection <refused>")
    text = reading.get("/monitors/").content.decode()
    assert "connection &lt;refused&gt;" in text
    assert text.index("Needs attention") < text.index('class="rows"')


def test_the_bars_are_the_last_checks_and_say_so_in_words(reading):
    make_checks(make_monitor("Shop"), 40)
    [row] = reading.get("/monitors/").context["rows"]
    assert len(row.bars) == 30
    assert row.bars == sorted(row.bars, key=lambda bar: bar.at)
    assert "Last 30 checks: Up: 30" in reading.get("/monitors/").content.decode()


def test_uptime_is_weighted_by_time_and_leaves_out_what_nobody_knows(reading):
    shop = make_monitor("Shop")
    make_spells(
        shop, ("up", 18), ("unknown", 300), ("paused", 20), ("down", 6), ("maintenance", 3), ("up", 12)
    )
    [row] = reading.get("/monitors/").context["rows"]
    assert row.uptimes.month == pytest.approx(100 * 30 / 36, abs=0.01)
    assert row.uptimes.day == pytest.approx(100 * 12 / 18, abs=0.01)


@pytest.mark.parametrize("path", ["/monitors/", "/monitors/incidents/"])
def test_the_number_of_queries_depends_on_nothing(reading, path):
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            assert reading.get(path).status_code == 200
        return len(counted)

    [first, *_rest] = stock_monitors(2)
    make_incident(first), make_incident(first, 30, lasted=1)
    few = queries()
    many = stock_monitors(30)
    for monitor in many[:20]:
        make_incident(monitor), make_incident(monitor, 30, lasted=1)
        monitor.tags.add(Tag.objects.create(name=f"tag {monitor.pk}"))
    assert queries() == few <= 14


def test_a_monitors_page_shows_its_past_and_never_its_secrets(reading):
    shop = make_monitor(
        "Shop", Status.DOWN, error="503", headers={"Authorization": "Bearer hush-hush"}, body="hush-body"
    )
    make_checks(
        shop, 3, status=Status.DOWN, is_up=False, error="HTTP 503", answer="the answer", response_ms=None
    )
    make_incident(shop)
    text = reading.get(f"/monitors/{shop.pk}/").content.decode()
    assert text.count("HTTP 503") == 4
    assert "hush-hush" not in text and "hush-body" not in text
    assert "Pause" not in text and "Check now" not in text


def test_what_is_not_there_is_not_found(reading):
    for path in (
        "/monitors/999/",
        "/monitors/999/series",
        "/monitors/incidents/?monitor=999",
        f"/monitors/{2**70}/",
    ):
        assert reading.get(path).status_code == 404, path


@pytest.mark.parametrize("name", ["1h", "6h", "24h", "7d"])
def test_the_chart_has_at_most_so_many_points(reading, name):
    [shop] = stock_monitors(1)
    make_checks(shop, 20, status=Status.DOWN, response_ms=None)
    answer = reading.get(f"/monitors/{shop.pk}/series?range={name}").json()
    assert {len(answer[column]) for column in ("t", "mean", "most", "down")} == {len(answer["t"])}
    assert 0 < len(answer["t"]) <= 361
    assert answer["t"] == sorted(answer["t"])
    assert all(
        least is None or least <= most for least, most in zip(answer["mean"], answer["most"], strict=True)
    )


def test_a_chart_of_another_range_is_not_found(reading):
    assert reading.get(f"/monitors/{make_monitor().pk}/series?range=1y").status_code == 404


@pytest.mark.parametrize(
    ("language", "direction", "word"), [("de", "ltr", "Vorfälle"), ("ar", "rtl", "الحوادث")]
)
def test_pages_speak_the_readers_language(reading, language, direction, word):
    make_monitor()
    text = reading.get("/monitors/", headers={"Accept-Language": f"{language},en;q=0.5"}).content.decode()
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert word in text
    reading.get(f"/monitors/?language={language}")
    assert word in reading.get("/monitors/").content.decode()
    assert "Monitors" in reading.get("/monitors/?language=en").content.decode()
