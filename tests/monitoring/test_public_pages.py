"""What the public sees: status pages and badges, and nothing else of a monitor."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitoring.models import IncidentNote, MaintenanceWindow, Status, StatusPage
from tests.monitoring.stock import make_checks, make_incident, make_monitor, make_spells, stock_monitors

pytestmark = pytest.mark.django_db
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def nothing_is_cached():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def page(db) -> StatusPage:
    return StatusPage.objects.create(slug="haze", title="Haze status", description="All that runs.")


def put(page: StatusPage, *monitors, **columns) -> None:
    for position, monitor in enumerate(monitors):
        page.entries.create(monitor=monitor, position=position, **columns)


def text_of(client, path: str = "/status/haze", **more) -> str:
    answer = client.get(path, **more)
    assert answer.status_code == 200
    return answer.content.decode()


def test_anybody_sees_ninety_days_and_the_state_without_a_cookie(client, page):
    shop = make_monitor("Shop")
    make_spells(shop, ("up", 24 * 80), ("down", 5), ("up", 30))
    put(page, shop)
    answer = client.get("/status/haze")
    text = answer.content.decode()
    assert answer["Cache-Control"] == "public, max-age=5"
    assert not answer.cookies
    assert "All services are up" in text and "Shop" in text
    days = text.split('class="bars days"')[1].split("</span>")[0]
    assert days.count("<i ") == 90
    assert 'class="up"' in days and ('class="down"' in days or 'class="trouble"' in days)


def test_nothing_else_of_a_monitor_leaks(client, page, moira):
    shop = make_monitor(
        "internal-shop-7", Status.DOWN, error="secret-host refused", description="hush", headers={"X": "hush"}
    )
    make_checks(shop, 3, status=Status.DOWN, error="HTTP 503 from secret-host", answer="hush")
    incident = make_incident(shop, acknowledged_by=moira, acknowledged_at=timezone.now())
    IncidentNote.objects.create(incident=incident, author=moira, text="hush: the disk is full")
    IncidentNote.objects.create(incident=incident, author=moira, text="We are <b>on it</b>.", is_public=True)
    put(page, shop, label="Shop")
    for path in ("/status/haze", "/status/haze/now", f"/badge/{shop.pk}.svg"):
        text = text_of(client, path)
        for secret in ("hush", "secret-host", "hidden.example.org", "internal-shop-7", "moira", "503"):
            assert secret not in text, (path, secret)
        assert "Shop" in text
    text = text_of(client)
    assert "Everything is down" in text
    assert "We are &lt;b&gt;on it&lt;/b&gt;." in text


def test_monitors_and_incidents_of_no_page_are_not_there(client, page):
    put(page, make_monitor("Shop"))
    make_incident(make_monitor("Elsewhere", Status.DOWN))
    text = text_of(client)
    assert "Elsewhere" not in text
    assert "All services are up" in text and "There was none." in text


def test_maintenance_is_announced(client, page):
    shop, now = make_monitor("Shop"), timezone.now()
    put(page, shop)
    columns = {"starts_at": now, "duration_minutes": 60, "next_end": now + timedelta(hours=5)}
    soon = MaintenanceWindow.objects.create(name="New disks", next_start=now + timedelta(hours=4), **columns)
    soon.monitors.add(shop)
    MaintenanceWindow.objects.create(name="Of nobody here", next_start=now, **columns)
    MaintenanceWindow.objects.create(name="Of all", everything=True, next_start=now, **columns)
    MaintenanceWindow.objects.create(
        name="Next year", everything=True, next_start=now + timedelta(days=300),
        starts_at=now, duration_minutes=1, next_end=now + timedelta(days=300, minutes=1),
    )  # fmt: skip
    text = text_of(client)
    assert "New disks" in text and "Of all" in text
    assert "Of nobody here" not in text and "Next year" not in text


def test_a_page_that_is_not_public_is_there_for_staff_alone(client, page, alice, moira):
    page.is_public = False
    page.save()
    shop = make_monitor("Shop")
    put(page, shop)
    for path in ("/status/haze", "/status/haze/now", f"/badge/{shop.pk}.svg", "/status/nothing"):
        assert client.get(path).status_code == 404, path
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/status/haze").status_code == 404
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/status/haze")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    assert client.get(f"/badge/{shop.pk}.svg").status_code == 404


def test_it_is_cached_for_some_seconds_by_language(client, page):
    put(page, *stock_monitors(3))

    def queries(language: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            text_of(client, headers={"Accept-Language": language})
        return len(counted)

    first = queries("en")
    assert queries("en") == 1  # whether it is public still
    assert queries("de") == first <= 7


def test_the_number_of_queries_depends_on_nothing(client, page):
    def queries() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as counted:
            text_of(client)
        return len(counted)

    [first] = stock_monitors(1)
    put(page, first)
    make_incident(first)
    few = queries()
    more = stock_monitors(40)
    put(page, *more, group="More")
    for monitor in more:
        IncidentNote.objects.create(incident=make_incident(monitor), text="Seen.", is_public=True)
    assert queries() == few


@pytest.mark.parametrize(("kind", "value"), [("status", "Up"), ("uptime", "75.00%"), ("response", "120 ms")])
def test_a_badge_says_one_thing(client, page, kind, value):
    [shop] = stock_monitors(1)
    shop.name = "A <svg> & more"
    shop.save()
    shop.hours.all().delete()
    shop.hours.create(start=timezone.now().replace(minute=0, second=0, microsecond=0), up=10, sum_ms=1200)
    make_spells(shop, ("up", 9), ("down", 6), ("up", 9))
    put(page, shop)
    answer = client.get(f"/badge/{shop.pk}.svg?kind={kind}&hours=24")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Cache-Control"] == "public, max-age=60"
    drawn = ElementTree.fromstring(answer.content)
    label, said = [text.text for text in drawn.iter(f"{SVG}text")]
    assert label.startswith("A <svg> & more")
    assert said == value


@pytest.mark.parametrize("query", ["kind=url", "hours=x", "hours=-1", "hours=²"])
def test_a_badge_of_something_else_is_not_found(client, page, query):
    shop = make_monitor("Shop")
    put(page, shop)
    assert client.get(f"/badge/{shop.pk}.svg?{query}").status_code == 404


def test_a_badge_of_no_public_page_is_not_found(client, page):
    assert client.get(f"/badge/{make_monitor('Shop').pk}.svg").status_code == 404
    assert client.get(f"/badge/{2**70}.svg").status_code == 404
    assert client.get("/badge/999.svg?hours=999999999999999999").status_code == 404


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        (["up", "down"], "Some services are down"),
        (["down", "down"], "Everything is down"),
        (["up", "maintenance"], "Maintenance is under way"),
        (["paused", "unknown"], "There is nothing to report yet"),
        (["up", "paused"], "All services are up"),
        ([], "There is nothing to report yet"),
    ],
)
def test_the_head_of_the_page_sums_up(client, page, statuses, sentence):
    put(page, *(make_monitor(f"m{number}", status) for number, status in enumerate(statuses)))
    assert sentence in text_of(client)


def test_it_allows_no_script_but_its_own(client, page):
    policy = client.get("/status/haze")["Content-Security-Policy"]
    assert "unsafe" not in policy
    text = text_of(client)
    assert text.count("<script") == text.count('<script src="/static/') + text.count(
        '<script type="module" src="/static/'
    )
    assert "style=" not in text and " on" + "click" not in text
