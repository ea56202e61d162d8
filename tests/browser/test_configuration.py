"""A configuration mistake made in the admin is undone by its rollback button; the pictures of it are in docs.

`DOCS_IMAGES=docs/images` takes them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import Visitor, playwright
from tests.browser.test_staff_pages import sign_in_at_the_desk
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]
LIST = "/admin/botconfig/section/"
TICKETS = f"{LIST}tickets/change/"


@pytest.fixture
def ada(visit: Callable[..., Visitor], server: Server) -> Iterator[Visitor]:
    visitor = visit(viewport={"width": 1360, "height": 800})
    sign_in_at_the_desk(visitor, server, "ada")
    yield visitor
    with server.client("ada") as client:
        client.post("/api/config/tickets/reset")
        client.put("/api/config/tickets", json={"max_open_per_user": 100})


def hours(server: Server) -> int:
    with server.client("ada") as client:
        return int(client.get("/api/config/tickets").json()["auto_close_hours"])


def set_hours(visitor: Visitor, value: str) -> None:
    visitor.page.get_by_label("auto_close_hours").fill(value)
    visitor.page.get_by_role("button", name="Save").click()


def test_a_mistake_is_undone_with_one_click(
    ada: Visitor, server: Server, picture: Callable[..., None]
) -> None:
    expect, page = playwright.expect, ada.page
    page.goto(f"{server.url}{LIST}")
    page.locator("#content-main a", has_text="tickets").click()
    set_hours(ada, "168")
    expect(page.get_by_text("Saved; the bot follows at once.")).to_be_visible()
    newest = page.locator(".versions li").first
    before = int(newest.get_attribute("data-version"))

    set_hours(ada, "3")
    expect(newest).to_have_attribute("data-version", str(before + 1))
    expect(newest.locator("dd")).to_have_text("168 3")
    assert hours(server) == 3
    picture(page, "configuration-mistake")

    page.get_by_role("button", name=f"Roll back to version {before}", exact=True).click()
    expect(page.get_by_text(f"Version {before} of it is in force again.")).to_be_visible()
    expect(newest).to_have_attribute("data-version", str(before + 2))
    expect(newest).to_contain_text(f"Back to version {before}")
    expect(page.get_by_label("auto_close_hours")).to_have_value("168")
    assert hours(server) == 168
    picture(page, "configuration-undone")
    assert ada.complaints == []


def test_a_value_that_would_not_do_is_refused_at_its_field(
    ada: Visitor, server: Server, picture: Callable[..., None]
) -> None:
    expect, page, before = playwright.expect, ada.page, hours(server)
    page.goto(f"{server.url}{TICKETS}")
    page.get_by_label("auto_close_hours").fill("24")
    page.get_by_label("max_open_per_user").fill("0")
    page.get_by_role("button", name="Save").click()
    wrong = page.locator(".errors", has=page.locator("#id_max_open_per_user"))
    expect(wrong).to_contain_text("greater than or equal to 1")
    expect(page.get_by_label("auto_close_hours")).to_have_value("24")  # what was typed stays
    assert hours(server) == before
    picture(page, "configuration-refused")
    assert ada.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_pages_fit_a_phone(visit: Callable[..., Visitor], server: Server, scheme: str) -> None:
    visitor = visit(viewport={"width": 375, "height": 700}, color_scheme=scheme)
    sign_in_at_the_desk(visitor, server, "ada")
    for path in (LIST, TICKETS, f"{LIST}server_guide/change/", f"{LIST}roles/change/"):
        visitor.page.goto(f"{server.url}{path}")
        wide = "document.scrollingElement.scrollWidth - window.innerWidth"
        assert visitor.page.evaluate(wide) <= 0, path
    assert visitor.complaints == []
