"""The monitors' pages in a browser: live, by keyboard, on a phone, in the dark, in three languages.

`DOCS_IMAGES=docs/images` takes the pictures anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.browser.conftest import WIDE, Visitor, barriers, playwright
from tests.browser.test_staff_pages import sign_in_at_the_desk
from tests.serving import ROOT, Server

pytestmark = [pytest.mark.browser, pytest.mark.server]
Visit = Callable[..., Visitor]
LATE = 60_000
SHOWN = ("/monitors/", "/monitors/1/", "/monitors/incidents/", "/monitors/settings/", "/status/haze")
FORMS = tuple(
    f"/monitors/settings/{path}"
    for path in ("monitor/add?type=json", "monitor/1", "channel/1", "window/1", "policy/1", "page/1")
)


def expect(found: Any) -> Any:
    return playwright.expect(found)


def showcase(server: Server, *words: str) -> None:
    command = [sys.executable, "-m", "tests.monitoring.showcase", *words]
    subprocess.run(command, env=server.surroundings(), cwd=ROOT, check=True, timeout=120)


@pytest.fixture(scope="module")
def watched(server: Server) -> Server:
    showcase(server)
    return server


@pytest.fixture(scope="module")
def sign_ins() -> dict[str, list[Any]]:
    """Cookies by name: signing in takes longer than most of what is tried here."""
    return {}


@pytest.fixture
def staff(visit: Visit, watched: Server, sign_ins: dict[str, list[Any]]) -> Callable[..., Visitor]:
    """`staff("moira", "/monitors/")`: signed in, on that page."""

    def come(name: str, path: str, **options: Any) -> Visitor:
        visitor = visit(**options)
        if name not in sign_ins:
            sign_in_at_the_desk(visitor, watched, name)
            cookies = visitor.page.context.cookies()
            sign_ins[name] = [cookie for cookie in cookies if cookie["name"] == "sessionid"]
        visitor.page.context.add_cookies(sign_ins[name])
        visitor.complaints.clear()
        visitor.page.goto(f"{watched.url}{path}")
        return visitor

    return come


def test_the_public_page_refreshes_itself(
    visit: Visit, watched: Server, picture: Callable[..., None]
) -> None:
    anybody = visit(viewport={"width": 1100, "height": 1000})
    anybody.page.clock.install()
    anybody.page.goto(f"{watched.url}/status/haze")
    expect(anybody.page.get_by_role("heading", name="HazeBot status")).to_be_visible()
    picture(anybody.page, "status-page")
    with anybody.page.expect_response(re.compile("/status/haze/now")):
        anybody.page.clock.fast_forward(31_000)
    expect(anybody.page.locator(".line")).to_have_count(9)
    assert anybody.complaints == []


def test_the_dashboard_follows_what_another_process_writes(
    staff: Callable[..., Visitor], watched: Server, picture: Callable[..., None]
) -> None:
    moira = staff("moira", "/monitors/", viewport={"width": 1360, "height": 900})
    page = moira.page
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator(".rows .row")).to_have_count(12)
    picture(page, "monitors")
    row = page.locator(".row", has_text="Admin - Frontend")
    key = row.get_attribute("data-id")
    page.evaluate("window.same = true")
    showcase(watched, "down", key)
    expect(row.locator(".label")).to_have_text("Down", timeout=LATE)
    expect(row.locator(".bars i").last).to_have_class(re.compile("down"))
    expect(page.locator("#attention")).to_contain_text("Admin - Frontend")
    expect(page.locator("#counts .down b")).to_have_text("2")
    with watched.client("ada") as ada:
        ada.post(f"/api/monitors/{key}/pause").raise_for_status()
    expect(row.locator(".label")).to_have_text("Paused", timeout=LATE)
    expect(page.locator("#counts .down b")).to_have_text("1")
    assert page.evaluate("window.same")
    assert moira.complaints == []


def test_after_a_gap_the_page_reads_its_list_again(staff: Callable[..., Visitor], watched: Server) -> None:
    moira = staff("moira", "/monitors/")
    expect(moira.page.locator("#connection")).to_have_text("Live")
    sockets: list[Any] = []
    moira.page.route_web_socket(
        re.compile("/ws/monitors/"), lambda route: sockets.append(route.connect_to_server())
    )
    moira.page.reload()
    expect(moira.page.locator("#connection")).to_have_text("Live")
    with moira.page.expect_response(re.compile("/monitors/$")):
        sockets[0].close()
    expect(moira.page.locator("#connection")).to_have_text("Live", timeout=LATE)
    expect(moira.page.locator(".rows .row")).to_have_count(12)


def test_a_monitors_page_draws_its_chart_and_takes_orders(
    staff: Callable[..., Visitor], watched: Server, picture: Callable[..., None]
) -> None:
    ada = staff("ada", "/monitors/", viewport={"width": 1360, "height": 1000})
    page = ada.page
    page.get_by_role("link", name="HazeBot API - Tickets").click()
    expect(page.locator("#chart canvas")).to_be_visible()
    expect(page.locator("#chart-note")).to_contain_text("mean")
    picture(page, "monitor")
    for name in ("7d", "1h", "6h"):
        with page.expect_response(re.compile(f"range={name}")):
            page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("It is paused.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("It is watched again.")).to_be_visible()
    page.evaluate("window.same = true")
    showcase(watched, "down", "4")
    expect(page.locator("#history")).to_contain_text("HTTP 503", timeout=LATE)
    assert page.evaluate("window.same")
    assert ada.complaints == []


def test_an_incident_is_acknowledged_and_told_to_the_public(
    staff: Callable[..., Visitor], watched: Server
) -> None:
    moira = staff("moira", "/monitors/incidents/")
    card = moira.page.locator("#open .incident", has_text="Minecraft server")
    card.get_by_role("button", name="Acknowledge").click()
    expect(card).to_contain_text("Acknowledged by moira")
    card.locator("summary").click()
    card.get_by_label("What is known").fill("It runs again in ten minutes.")
    card.get_by_label("Show on status pages").check()
    card.get_by_role("button", name="Send").click()
    expect(card).to_contain_text("It runs again in ten minutes.")
    assert moira.complaints == []
    deadline = time.monotonic() + 60  # the page is kept for five seconds
    while "It runs again in ten minutes." not in httpx.get(f"{watched.url}/status/haze").text:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_channel_is_tried_beside_its_button(staff: Callable[..., Visitor]) -> None:
    ada = staff("ada", "/monitors/settings/")
    ada.page.get_by_role("button", name="Send a test").click()
    expect(ada.page.locator("#tried-1 .problem")).to_be_visible(timeout=LATE)
    assert ada.complaints == []


def test_a_monitor_is_added_by_keyboard_alone(staff: Callable[..., Visitor]) -> None:
    ada = staff("ada", "/monitors/")
    page = ada.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Add a monitor")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Push", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Zebra heartbeat")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Zebra heartbeat")).to_be_visible()
    page.goto(page.url.partition("/monitors/")[0] + "/monitors/")
    page.keyboard.press("/")
    page.keyboard.type("zebra")
    page.keyboard.press("Enter")
    expect(page.locator(".rows .row")).to_have_count(1)
    assert ada.complaints == []


@pytest.mark.parametrize(
    ("language", "scheme"), [("en", "light"), ("en", "dark"), ("de", "light"), ("ar", "dark")]
)
def test_nothing_keeps_anybody_out(
    staff: Callable[..., Visitor], watched: Server, axe: str, scheme: str, language: str
) -> None:
    ada = staff("ada", f"/monitors/?language={language}", color_scheme=scheme, reduced_motion="reduce")
    for path in SHOWN + FORMS:
        ada.page.goto(f"{watched.url}{path}")
        expect(ada.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        assert barriers(ada.page, axe) == [], path
    assert ada.complaints == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_scrolls_sideways_on_a_phone(
    staff: Callable[..., Visitor], watched: Server, language: str
) -> None:
    phone = {"viewport": {"width": 375, "height": 740}, "color_scheme": "dark", "has_touch": True}
    ada = staff("ada", f"/monitors/?language={language}", **phone)
    for path in SHOWN + FORMS:
        ada.page.goto(f"{watched.url}{path}")
        assert ada.page.evaluate(WIDE) <= 0, path
    assert ada.complaints == []


def test_the_look_is_chosen_and_kept(staff: Callable[..., Visitor], watched: Server) -> None:
    moira = staff("moira", "/monitors/", color_scheme="light")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = moira.page.evaluate(background)
    moira.page.get_by_role("button", name="Dark").click()
    dark = moira.page.evaluate(background)
    assert dark != light
    moira.page.goto(f"{watched.url}/monitors/incidents/")
    assert moira.page.evaluate(background) == dark
