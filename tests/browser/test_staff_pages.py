"""The admin's ticket page is live, and the API's document opens, both without a complaint of the browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Visitor, playwright
from tests.serving import PASSWORDS, Server

pytestmark = [pytest.mark.browser, pytest.mark.server]


def sign_in_at_the_desk(visitor: Visitor, server: Server, name: str) -> None:
    visitor.page.goto(f"{server.url}/admin/")
    visitor.page.locator("#id_username").fill(name)
    visitor.page.locator("#id_password").fill(PASSWORDS[name])
    visitor.page.get_by_role("button", name="Log in").click()


def test_staff_watch_and_answer_in_the_admin(visit: Callable[..., Visitor], server: Server) -> None:
    ticket = server.open_ticket("alice", "Watched by staff")
    moira = visit()
    sign_in_at_the_desk(moira, server, "moira")
    moira.page.goto(f"{server.url}/admin/tickets/ticket/{ticket['ticket_num']}/change/")
    expect = playwright.expect
    expect(moira.page.locator("#live-state")).to_have_text("Live")

    with server.client("alice") as alice:
        sent = alice.post(
            f"/api/tickets/{ticket['ticket_id']}/send", json={"message": "Anybody there?"}
        ).json()
        item = moira.page.locator("#conversation .said", has_text="Anybody there?")
        expect(item).to_have_count(1)
        path = f"/api/tickets/{ticket['ticket_id']}/messages/{sent['message']['id']}"
        alice.patch(path, json={"message": "Anybody here?"})
        expect(moira.page.locator("#conversation .said", has_text="Anybody here?")).to_have_count(1)
        alice.delete(path)
        expect(moira.page.locator("#conversation .said", has_text="Anybody here?")).to_have_count(0)

    moira.page.get_by_label("Reply to the member").fill("Yes, me.")
    moira.page.get_by_role("button", name="Send reply").click()
    expect(moira.page.locator("#conversation .said", has_text="Yes, me.")).to_have_count(1)
    moira.page.get_by_role("button", name="Close").click()
    expect(moira.page.locator("#ticket-state")).to_have_text("Closed")
    assert moira.complaints == []

    with server.client("alice") as alice:
        messages = alice.get(f"/api/tickets/{ticket['ticket_id']}").json()["messages"]
    assert (messages[-1]["content"], messages[-1]["source"]) == ("Yes, me.", "admin")


def test_the_apis_document_opens(visit: Callable[..., Visitor], server: Server) -> None:
    reader = visit()
    reader.page.goto(f"{server.url}/api/docs/")
    reader.page.locator("#operations-tag-tickets").click()
    reader.page.locator(".opblock-summary", has_text="/api/tickets").first.click()
    playwright.expect(reader.page.locator(".opblock-body").first).to_be_visible()
    assert [complaint for complaint in reader.complaints if "Content Security" in complaint] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_admin_fits_a_phone(visit: Callable[..., Visitor], server: Server, scheme: str) -> None:
    ticket = server.open_ticket("alice", "W" * 100)
    moira = visit(viewport={"width": 375, "height": 700}, color_scheme=scheme)
    sign_in_at_the_desk(moira, server, "moira")
    expect = playwright.expect
    expect(moira.page.get_by_role("heading", name="Waiting longest")).to_be_visible()
    for path in ("", "tickets/ticket/", f"tickets/ticket/{ticket['ticket_num']}/change/", "accounts/user/"):
        moira.page.goto(f"{server.url}/admin/{path}")
        wide = "document.scrollingElement.scrollWidth - window.innerWidth"
        assert moira.page.evaluate(wide) <= 0, path
    dark = moira.page.evaluate("document.documentElement.classList.contains('dark')")
    assert dark == (scheme == "dark")
    assert moira.complaints == []
