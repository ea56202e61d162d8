"""How the chat looks and is used without a mouse; staff hand tickets over to anybody of theirs.

`DOCS_IMAGES=docs/images` takes its picture anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.conftest import WIDE, Visitor, barriers, playwright
from tests.serving import PASSWORDS, ROOT, Server

pytestmark = [pytest.mark.browser, pytest.mark.server]
Visit = Callable[..., Visitor]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


def expect(found: Any) -> Any:
    return playwright.expect(found)


@pytest.fixture
def demo(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `make run DEMO=1` shows; moderators and members can sign in."""
    command = [sys.executable, str(ROOT / "manage.py"), "demo"]
    told = subprocess.run(
        command, env=server.surroundings(), cwd=ROOT, check=True, timeout=120, capture_output=True, text=True
    ).stdout
    for name in ("nora", "milo"):
        monkeypatch.setitem(PASSWORDS, name, told.partition("password:")[2].split()[0])


def manage(visitor: Visitor) -> Any:
    visitor.page.get_by_role("button", name="Manage").click()
    return visitor.page


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Any, found: Any) -> None:
    """Only by the tabulator key."""
    for _step in range(60):
        if found.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not get there")


def test_a_moderator_at_work(visit: Visit, demo: None, picture: Callable[..., None]) -> None:
    nora = visit("nora", viewport={"width": 1280, "height": 1120})
    milo = visit("milo")
    subject = "Somebody uses my name in voice chat"
    for visitor in (milo, nora):
        visitor.page.locator("#list .subject", has_text=subject).click()
        expect(visitor.page.locator(".talk h1")).to_have_text(subject)
    expect(nora.page.locator(".present")).to_have_text("Also here: milo")
    expect(nora.page.locator(".picture img")).to_be_visible()
    manage(nora)
    expect(nora.page.locator(".log .content").last).to_be_in_viewport()
    picture(nora.page, "chat", animations="disabled", caret="hide")
    assert milo.complaints == nora.complaints == []


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(visit: Visit, server: Server, axe: str, scheme: str, width: int) -> None:
    ticket_id = server.open_ticket("alice", "For everybody")["ticket_id"]
    with server.client("moira") as client:
        for path in ("claim", "notes", "send"):
            body = {"message": "Words"} if path != "claim" else {}
            client.post(f"/api/tickets/{ticket_id}/{path}", json=body).raise_for_status()
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "reduced_motion": "reduce"}
    stranger = visit(**look)
    expect(stranger.page.get_by_label("User name")).to_be_visible()
    assert barriers(stranger.page, axe) == []
    for name in ("moira", "alice"):
        page, staff = visit(name, **look).page, name == "moira"
        expect(page.locator("#list .subject", has_text="For everybody")).to_be_visible()
        seen = [barriers(page, axe)]
        page.locator(f'#list a[href="#/t/{ticket_id}"]').click()
        expect(page.locator(".log .content")).to_have_count(3 if staff else 2)
        page.get_by_role("button", name="Manage" if staff else "Details").click()
        seen.append(barriers(page, axe))
        if staff:
            page.get_by_label("Hand over to").focus()
            expect(page.get_by_role("option", name="ada")).to_be_visible()
            seen.append(barriers(page, axe))
        assert page.evaluate(WIDE) <= 0
        page.evaluate("location.hash = '#/new'")
        expect(page.get_by_label("Subject")).to_be_visible()
        assert [*seen, barriers(page, axe)] == [[]] * (4 if staff else 3), name


def test_a_ticket_is_handed_to_whomever_of_staff_by_keyboard(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Handed over")["ticket_id"]
    asked: list[str] = []
    moira = visit("moira", **PHONE)
    moira.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page = manage(moira.open(ticket_id))
    assert "/api/users" not in asked
    to = page.get_by_label("Hand over to")
    tab_to(page, to)
    expect(page.get_by_role("option", name="moira you")).to_be_visible()
    expect(page.get_by_role("option", name="alice")).to_have_count(0)
    page.keyboard.type("AD")
    expect(page.locator(".menu [role=option]")).to_have_text([re.compile("^ada"), re.compile("^admin")])
    press(page, "ArrowDown", "ArrowUp", "Enter")
    expect(to).to_have_value("ada")
    expect(page.get_by_role("listbox")).to_be_hidden()
    press(page, "Tab")
    page.keyboard.type("Yours, I think")
    press(page, "Enter")
    expect(page.locator(".message.note .content")).to_have_text("Yours, I think")
    expect(page.locator(".log .line").last).to_contain_text("You handed the ticket to ada")
    expect(to).to_have_value("")
    # Whoever has it already is no choice.
    to.focus()
    expect(page.get_by_role("option", name="moira you")).to_be_visible()
    expect(page.get_by_role("option", name="ada")).to_have_count(0)
    page.get_by_role("option", name="moira you").tap()
    expect(to).to_have_value("moira")
    to.fill("nobody like this")
    expect(page.locator(".menu")).to_have_text("Nobody of staff has that name.")
    press(page, "Escape", "Enter")
    expect(page.locator(".panel .problem")).to_contain_text("Choose somebody from the list")
    assert moira.complaints == []


def test_of_many_staff_those_are_asked_for_whose_name_is_typed(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Large team")["ticket_id"]
    moira = visit("moira").open(ticket_id)
    names = [f"helper{number:03}" for number in range(300)]

    def people(route: Any) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(route.request.url).query).items()}
        found = [name for name in names if query.get("q", "") in name and query["role"] == "moderator"]
        page = [
            {"user_id": name, "username": name, "role": "moderator"} for name in found[: int(query["limit"])]
        ]
        route.fulfill(json={"users": page, "next_cursor": "1-1" if len(page) < len(found) else None})

    moira.page.route(re.compile("/api/users"), people)
    page = manage(moira)
    page.get_by_label("Hand over to").click()
    expect(page.locator(".menu [role=option]")).to_have_count(200)
    expect(page.locator(".menu [role=status]")).to_have_text("There are more: type a part of the name.")
    page.keyboard.type("r27")
    expect(page.locator(".menu [role=option]")).to_have_text(
        [re.compile(f"^helper27{last}") for last in range(10)]
    )
    expect(page.locator(".menu [role=status]")).to_be_hidden()
    assert moira.complaints == []


def test_the_keyboard_keeps_its_place(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "No mouse")["ticket_id"]
    moira = visit("moira")
    page = moira.page
    tab_to(page, page.locator(f'#list a[href="#/t/{ticket_id}"]'))
    press(page, "Enter")
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.type("I am on it")
    press(page, "Enter")
    expect(page.locator(".pending")).to_have_count(0)

    edit = page.locator(".message", has_text="I am on it").get_by_role("button", name="Edit")
    edit.focus()
    press(page, "Enter", "End")
    page.keyboard.type(" now")
    press(page, "Enter")
    moira.sees("I am on it now")
    expect(edit).to_be_focused()
    press(page, "Tab", "Enter", "Enter")
    moira.sees("I am on it now", times=0)
    expect(page.get_by_role("region", name="Conversation")).to_be_focused()

    page.get_by_role("button", name="Claim", exact=True).focus()
    press(page, "Enter")
    expect(page.get_by_role("button", name="Unclaim")).to_be_visible()
    expect(page.get_by_role("button", name="Manage")).to_be_focused()
    press(page, "Enter")
    snooze = page.get_by_role("button", name="1 hour")
    tab_to(page, snooze)
    press(page, "Enter")
    expect(page.get_by_role("button", name="Wake now")).to_be_visible()
    expect(snooze).to_be_focused()
    page.get_by_role("button", name="Wake now").focus()
    press(page, "Enter")
    expect(page.get_by_role("button", name="Wake now")).to_be_hidden()
    expect(page.locator("#panel")).to_be_focused()
    assert moira.complaints == []
