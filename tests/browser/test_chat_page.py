from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor, playwright
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]
Visit = Callable[..., Visitor]
LATE = 15_000


def expect(found: Any) -> Any:
    return playwright.expect(found)


def open_with_form(visitor: Visitor, subject: str) -> str:
    """The id of the new ticket."""
    page = visitor.page
    page.get_by_role("link", name="New ticket").click()
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Description").fill("It closes right after the intro.\nSince yesterday.")
    page.get_by_role("button", name="Open ticket").click()
    expect(page.locator(".talk h1")).to_have_text(subject)
    return str(page.url.rpartition("/")[2])


def test_two_people_talk_live_without_a_complaint_of_the_browser(visit: Visit) -> None:
    alice, moira = visit("alice"), visit("moira")
    expect(moira.page.locator("#list-empty")).to_be_visible()
    ticket_id = open_with_form(alice, "The launcher closes itself")

    moira.page.locator("#list .subject", has_text="The launcher closes itself").wait_for()
    expect(moira.page.locator("#list .badge")).to_have_text("1")
    moira.open(ticket_id)
    moira.sees("It closes right after the intro.")
    moira.page.get_by_role("button", name="Claim", exact=True).click()
    expect(alice.page.locator(".log .line").last).to_contain_text("claimed the ticket")

    moira.page.locator("#message").press_sequentially("Which")
    expect(alice.page.locator(".typing")).to_have_text("moira is typing…")
    moira.say("Which version is it?\nThe log says so in line one.")
    alice.sees("Which version is it?")
    expect(alice.page.locator(".message", has_text="Which version").locator(".mark")).to_have_text("Staff")
    alice.say("2.4.1")
    moira.sees("2.4.1")
    assert alice.said() == moira.said()
    assert alice.said()[1] == "Which version is it?\nThe log says so in line one."
    assert alice.complaints == moira.complaints == []


def test_editing_deleting_closing_and_reopening_show_at_once(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Lost skins")["ticket_id"]
    alice, moira = visit("alice").open(ticket_id), visit("moira").open(ticket_id)
    alice.say("I lost my blue skin")
    mine = alice.page.locator(".message", has_text="blue skin")
    mine.hover()
    mine.get_by_role("button", name="Edit").click()
    alice.page.get_by_label("Edit message").fill("I lost my red skin")
    alice.page.get_by_role("button", name="Save").click()
    moira.sees("I lost my red skin")
    theirs = moira.page.locator(".message", has_text="red skin")
    theirs.hover()
    theirs.get_by_role("button", name="Delete").click()
    theirs.get_by_role("button", name="Really delete?").click()
    alice.sees("red skin", times=0)

    moira.page.get_by_role("button", name="Close", exact=True).click()
    expect(alice.page.locator("#message")).to_be_disabled()
    expect(alice.page.locator(f'#list a[href="#/t/{ticket_id}"]')).to_have_count(0)
    alice.page.get_by_role("button", name="Reopen").click()
    expect(moira.page.locator(".log .line").last).to_contain_text("alice reopened the ticket")
    expect(alice.page.locator("#message")).to_be_enabled()
    assert alice.complaints == moira.complaints == []


def test_a_killed_server_costs_no_message_and_doubles_none(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Server dies")["ticket_id"]
    alice = visit("alice").open(ticket_id)
    alice.say("before")
    alice.sees("before")
    expect(alice.page.locator(".pending")).to_have_count(0)

    server.kill()
    expect(alice.page.locator("#connection")).to_have_text("Reconnecting…")
    alice.say("meanwhile 1")
    alice.say("meanwhile 2")
    expect(alice.page.locator(".pending")).to_have_count(2)

    server.start()
    with server.client("moira") as moira:
        for number in range(5):
            body = {"message": f"after {number}"}
            moira.post(f"/api/tickets/{ticket_id}/send", json=body).raise_for_status()
        expect(alice.page.locator("#connection")).to_have_text("Live", timeout=LATE)
        expect(alice.page.locator(".pending")).to_have_count(0, timeout=LATE)
        alice.sees("after", times=5)
        stored = moira.get(f"/api/tickets/{ticket_id}/messages").json()["messages"]
    contents = [message["content"] for message in stored]
    assert [text for text in contents if text.startswith("mean")] == ["meanwhile 1", "meanwhile 2"]
    assert [text for text in contents if text.startswith("after")] == [f"after {n}" for n in range(5)]
    assert alice.said() == contents
    alice.page.reload()
    expect(alice.page.locator(".log .content")).to_have_count(len(contents))
    assert alice.said() == contents


def test_a_message_written_without_a_network_survives_a_reload(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "In a tunnel")["ticket_id"]
    alice = visit("alice").open(ticket_id)
    alice.page.route(re.compile(r"/send$"), lambda route: route.abort())
    alice.say("from the tunnel")
    expect(alice.page.locator(".pending")).to_have_count(1)
    alice.page.unroute_all()
    alice.page.reload()
    alice.sees("from the tunnel")
    expect(alice.page.locator(".pending")).to_have_count(0)
    with server.client("alice") as client:
        stored = client.get(f"/api/tickets/{ticket_id}/messages").json()["messages"]
    assert [message["content"] for message in stored].count("from the tunnel") == 1


def test_a_lost_answer_makes_no_second_message(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Lost answers")["ticket_id"]
    alice = visit("alice").open(ticket_id)

    def stored_but_unanswered(route: Any) -> None:
        route.fetch()
        route.abort()

    alice.page.route(re.compile(r"/send$"), stored_but_unanswered, times=1)
    alice.say("said once")
    alice.sees("said once")
    expect(alice.page.locator(".pending")).to_have_count(0)
    alice.say("and on")
    alice.sees("and on")
    assert alice.said()[1:] == ["said once", "and on"]


def test_what_the_server_refuses_can_be_discarded(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Refusals")["ticket_id"]
    alice = visit("alice").open(ticket_id)
    refusal = {"error": "This ticket is closed. Reopen it first.", "code": "ticket_closed"}
    alice.page.route(re.compile(r"/send$"), lambda route: route.fulfill(status=409, json=refusal))
    alice.say("too late")
    expect(alice.page.locator(".failed")).to_contain_text("Not sent: This ticket is closed.")
    alice.page.locator("#message").fill("a draft")
    alice.page.locator(".failed").get_by_role("button", name="Edit").click()
    expect(alice.page.locator("#message")).to_have_value("a draft\ntoo late")
    alice.say("too late")
    alice.page.locator(".failed").get_by_role("button", name="Discard").click()
    alice.sees("too late", times=0)


def test_a_note_never_reaches_the_owners_page(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Something delicate")["ticket_id"]
    heard: list[str] = []
    alice = visit("alice")
    alice.page.on("websocket", lambda one: one.on("framereceived", lambda text: heard.append(str(text))))
    alice.page.reload()
    alice.open(ticket_id)
    moira = visit("moira").open(ticket_id)
    moira.page.get_by_label("Internal note, for staff only").check()
    moira.say("smells of cheating")
    expect(moira.page.locator(".message.note .content")).to_have_text("smells of cheating")
    moira.say("We are looking into it")
    alice.sees("We are looking into it")
    alice.page.reload()
    alice.sees("We are looking into it")
    assert "cheating" not in alice.page.content()
    assert heard
    assert not any("cheating" in text for text in heard)
    expect(alice.page.get_by_label("Internal note, for staff only")).to_have_count(0)
    assert alice.complaints == []


def test_nothing_scrolls_sideways_on_a_phone(visit: Visit, server: Server) -> None:
    ticket = server.open_ticket("alice", "W" * 100)
    alice = visit("alice", viewport={"width": 375, "height": 700}, has_touch=True)
    wide = "document.scrollingElement.scrollWidth - window.innerWidth"
    assert alice.page.evaluate(wide) <= 0
    alice.open(ticket["ticket_id"])
    alice.say("https://example.org/" + "x" * 400)
    alice.sees("https://example.org/")
    assert alice.page.evaluate(wide) <= 0
    sideways = "element => element.scrollWidth - element.clientWidth"
    assert alice.page.locator(".talk .scroll").evaluate(sideways) <= 0
    alice.page.locator("a.back", has_text="Tickets").click()
    alice.page.get_by_role("link", name="New ticket").click()
    assert alice.page.evaluate(wide) <= 0


def test_signing_out_and_an_ended_sign_in_lead_to_the_form(visit: Visit, server: Server) -> None:
    alice = visit("alice")
    with server.client("alice") as client:
        for one in client.get("/api/auth/sessions").json()["sessions"]:
            if not one["current"]:
                client.delete(f"/api/auth/sessions/{one['session_id']}")
    expect(alice.page.locator("#sign-in-problem")).to_have_text(
        "Your sign-in has ended. Sign in again to go on."
    )
    alice.sign_in("alice").page.get_by_role("button", name="Sign out").click()
    expect(alice.page.get_by_label("User name")).to_be_visible()
    assert alice.page.evaluate("localStorage.length") == 0


def test_a_frame_that_got_lost_is_asked_for(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Holes")["ticket_id"]
    alice = visit("alice")

    def drop_the_second(route: Any) -> None:
        behind = route.connect_to_server()
        behind.on_message(lambda text: None if "two" in text else route.send(text))

    alice.page.route_web_socket(re.compile(rf"/ws/tickets/{ticket_id}/"), drop_the_second)
    alice.page.reload()
    alice.open(ticket_id)
    with server.client("moira") as moira:
        for text in ("one", "two", "three", "four"):
            moira.post(f"/api/tickets/{ticket_id}/send", json={"message": text}).raise_for_status()
    alice.sees("four")
    assert alice.said()[1:] == ["one", "two", "three", "four"]


def test_a_refused_token_is_renewed_without_anybody_noticing(visit: Visit, server: Server) -> None:
    server.open_ticket("alice", "Renewal")
    alice = visit("alice")
    before = alice.page.evaluate("localStorage['hazebot.sign-in']")
    expired = {"error": "Sign in first.", "code": "unauthorized"}
    alice.page.route(re.compile("status=all"), lambda route: route.fulfill(status=401, json=expired), times=1)
    alice.page.get_by_role("button", name="All", exact=True).click()
    alice.page.locator("#list .subject", has_text="Renewal").wait_for()
    assert alice.page.evaluate("localStorage['hazebot.sign-in']") != before


def test_somebody_elses_ticket_is_not_available(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Private")["ticket_id"]
    mallory = visit("mallory")
    mallory.page.goto(f"{server.url}/#/t/{ticket_id}")
    expect(mallory.page.locator(".talk > .problem")).to_have_text("This ticket is not available.")
    expect(mallory.page.locator("#message")).to_be_hidden()
    assert "Private" not in mallory.page.content()


def test_a_long_conversation_is_loaded_backwards(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "A long story")["ticket_id"]
    with server.client("alice") as client:
        for number in range(120):
            client.post(f"/api/tickets/{ticket_id}/send", json={"message": f"part {number}"})
    alice = visit("alice").open(ticket_id)
    expect(alice.page.locator(".log .content")).to_have_count(100)
    expect(alice.page.locator(".log .content").last).to_be_in_viewport()
    alice.page.get_by_role("button", name="Earlier messages").click()
    expect(alice.page.locator(".log .content")).to_have_count(121)
    assert alice.said()[1:] == [f"part {number}" for number in range(120)]
    expect(alice.page.get_by_role("button", name="Earlier messages")).to_be_hidden()
    expect(alice.page.locator(".log .line").first).to_contain_text("You opened the ticket")
