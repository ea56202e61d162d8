"""Files, forms, ratings, canned replies, searching and the desk's other verbs on the chat page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.conftest import Visitor, playwright
from tests.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]
Visit = Callable[..., Visitor]
FORM: list[dict[str, Any]] = [
    {"id": "version", "label": "Which version?", "kind": "text"},
    {"id": "since", "label": "Since when?", "kind": "date", "required": False},
    {"id": "system", "label": "Which system?", "kind": "choice", "choices": ["Windows", "Linux"]},
    {"id": "parts", "label": "What is broken?", "kind": "choices", "choices": ["Sound", "Picture"]},
    {"id": "again", "label": "Does it happen again?", "kind": "yes_no", "hint": "After a restart."},
]


def expect(found: Any) -> Any:
    return playwright.expect(found)


def picture(width: int = 640, height: int = 400) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return file.getvalue()


def pick(visitor: Visitor, name: str, content_type: str, data: bytes) -> None:
    chosen = {"name": name, "mimeType": content_type, "buffer": data}
    visitor.page.locator('.composer input[type="file"]').set_input_files([chosen])


@pytest.fixture
def bug_form(server: Server) -> Iterator[None]:
    with server.client("ada") as ada:
        ada.put("/api/config/tickets", json={"forms": {"bug": FORM}}).raise_for_status()
        yield
        ada.put("/api/config/tickets", json={"forms": {}}).raise_for_status()


def test_a_picture_is_seen_on_the_other_side_and_a_file_saved(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    ticket_id = server.open_ticket("alice", "See for yourself")["ticket_id"]
    alice, moira = visit("alice").open(ticket_id), visit("moira").open(ticket_id)
    pick(alice, "screen.png", "image/png", picture())
    expect(alice.page.locator(".staged li")).to_have_count(1)
    alice.say("This is what I see")
    for visitor in (alice, moira):
        shown = visitor.page.locator(".picture img")
        expect(shown).to_be_visible()
        assert shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [640, 400]
    expect(alice.page.locator(".pending")).to_have_count(0)
    moira.page.locator(".picture").click()
    expect(moira.page.locator("dialog.large img")).to_be_visible()
    moira.page.keyboard.press("Escape")
    expect(moira.page.locator("dialog.large")).to_be_hidden()

    pick(alice, "log.txt", "text/plain", b"line one\n")
    alice.page.get_by_role("button", name="Send").click()
    with moira.page.expect_download() as download:
        moira.page.get_by_role("button", name="Save log.txt").click()
    download.value.save_as(tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_bytes() == b"line one\n"
    assert alice.complaints == moira.complaints == []


def test_pictures_are_pasted_and_files_dropped(visit: Visit, server: Server) -> None:
    alice = visit("alice").open(server.open_ticket("alice", "By hand")["ticket_id"])
    give = """(element, [type, name, bytes]) => {
        const held = new DataTransfer();
        held.items.add(new File([new Uint8Array(bytes)], name));
        const options = {bubbles: true, cancelable: true, clipboardData: held, dataTransfer: held};
        element.dispatchEvent(new (type === 'paste' ? ClipboardEvent : DragEvent)(type, options));
    }"""
    alice.page.locator("#message").evaluate(give, ["paste", "pasted.png", list(picture(30, 20))])
    alice.page.locator(".log").evaluate(give, ["drop", "dropped.txt", list(b"dropped")])
    expect(alice.page.locator(".staged .file-name")).to_have_text(["pasted.png", "dropped.txt"])
    alice.page.get_by_role("button", name="Send").click()
    expect(alice.page.locator(".log button.file")).to_contain_text("dropped.txt")
    box = alice.page.locator(".log .picture").bounding_box()
    expect(alice.page.locator(".log .picture img")).to_be_visible()
    assert alice.page.locator(".log .picture").bounding_box()["width"] == box["width"] == 44
    assert alice.complaints == []


def test_a_file_whose_answer_got_lost_is_stored_once(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Lost file")["ticket_id"]
    alice = visit("alice").open(ticket_id)
    alice.page.route(re.compile(r"/attachments$"), lambda route: route.abort(), times=1)
    pick(alice, "first.txt", "text/plain", b"one")
    alice.say("with a file")
    expect(alice.page.locator(".log .file", has_text="first.txt")).to_have_count(1)
    expect(alice.page.locator(".pending")).to_have_count(0)

    def stored_but_unanswered(route: Any) -> None:
        route.fetch()
        route.abort()

    alice.page.route(re.compile(r"/attachments$"), stored_but_unanswered, times=1)
    pick(alice, "second.txt", "text/plain", b"two")
    alice.say("and another")
    expect(alice.page.locator(".pending")).to_have_count(0)
    with server.client("alice") as client:
        stored = client.get(f"/api/tickets/{ticket_id}/messages").json()["messages"]
    names = [file["name"] for message in stored for file in message["attachments"]]
    assert names == ["first.txt", "second.txt"]


def test_what_may_not_be_attached_can_be_taken_back(visit: Visit, server: Server) -> None:
    alice = visit("alice").open(server.open_ticket("alice", "Refused file")["ticket_id"])
    pick(alice, "page.html", "text/html", b"<html><script>alert(1)</script></html>")
    alice.say("look at this")
    expect(alice.page.locator(".failed")).to_contain_text("Files of this kind cannot be attached.")
    alice.page.locator(".failed").get_by_role("button", name="Edit").click()
    expect(alice.page.locator("#message")).to_have_value("look at this")
    alice.page.get_by_role("button", name="Take page.html out").click()
    alice.page.get_by_role("button", name="Send").click()
    alice.sees("look at this")
    pick(alice, "large.txt", "text/plain", b"x" * (10 * 2**20 + 1))
    expect(alice.page.locator(".talk > .problem")).to_contain_text("at most 10 MB")


def test_the_categorys_form_is_asked_and_answered(visit: Visit, bug_form: None) -> None:
    alice = visit("alice")
    page = alice.page
    page.get_by_role("link", name="New ticket").click()
    page.get_by_label("What is it about?").select_option("bug")
    page.get_by_label("Subject").fill("No sound")
    page.get_by_label("Description").fill("It is silent since the update.")
    page.get_by_label("Which version?").fill("2.4")
    page.get_by_label("Since when?").fill("2026-11-20")
    page.get_by_label("Which system?").select_option("Linux")
    page.get_by_label("Does it happen again?").select_option("Yes")
    page.get_by_role("button", name="Open ticket").click()
    asked = page.locator(".field", has_text="What is broken?")
    expect(asked.get_by_role("alert")).to_have_text("An answer is needed.")
    asked.get_by_label("Sound").check()
    page.get_by_role("button", name="Open ticket").click()
    expect(page.locator(".answers dt")).to_have_text([question["label"] for question in FORM])
    expect(page.locator(".answers dd")).to_have_text(["2.4", re.compile("2026"), "Linux", "Sound", "Yes"])
    assert [one for one in alice.complaints if "409" not in one] == []


def test_the_owner_rates_a_closed_ticket_once(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Rate me")["ticket_id"]
    alice, moira = visit("alice").open(ticket_id), visit("moira").open(ticket_id)
    expect(alice.page.locator(".rating")).to_be_hidden()
    moira.page.get_by_role("button", name="Close", exact=True).click()
    alice.page.get_by_role("radio", name="Good", exact=True).check()
    alice.page.get_by_label("Anything to add?").fill("Quick and friendly")
    alice.page.get_by_role("button", name="Send rating").click()
    expect(alice.page.locator(".rating")).to_contain_text("You rated this ticket 4 of 5.")
    expect(moira.page.locator(".rating")).to_contain_text("Quick and friendly")
    expect(moira.page.locator(".log .line").last).to_contain_text("alice rated the ticket 4 of 5")
    alice.page.reload()
    expect(alice.page.locator(".rating")).to_contain_text("Quick and friendly")
    assert alice.complaints == moira.complaints == []


def test_a_canned_reply_is_put_in_by_its_name(visit: Visit, server: Server) -> None:
    ticket_id = server.open_ticket("alice", "Canned")["ticket_id"]
    with server.client("moira") as client:
        for name, content in (("hello", "Hello {owner}, {staff} here."), ("help", "How can I help?")):
            body = {"name": name, "content": content}
            client.post("/api/tickets/canned-replies", json=body).raise_for_status()
    moira = visit("moira").open(ticket_id)
    text = moira.page.locator("#message")
    text.press_sequentially("/he")
    expect(moira.page.locator(".replies [role=option]")).to_have_count(2)
    text.press_sequentially("ll")
    expect(moira.page.locator(".replies [role=option]")).to_have_count(1)
    text.press("Enter")
    expect(text).to_have_value("Hello alice, moira here.")
    text.press("Enter")
    moira.sees("Hello alice, moira here.")
    moira.page.get_by_role("button", name="Canned replies").click()
    moira.page.locator(".replies [role=option]", has_text="/help").click()
    expect(text).to_have_value("How can I help?")
    assert moira.complaints == []


def test_staff_search_snooze_tag_merge_and_name_each_other(visit: Visit, server: Server) -> None:
    first = server.open_ticket("alice", "Purple elephants")
    second = server.open_ticket("alice", "Green giraffes")
    moira, ada = visit("moira"), visit("ada")
    page, listed = moira.page, moira.page.locator("#list .subject")
    page.get_by_label("Search tickets").fill("elephants")
    expect(listed).to_have_text(["Purple elephants"])
    page.get_by_label("Search tickets").fill("")
    expect(listed).to_have_count(2)

    moira.open(first["ticket_id"])
    ada.open(first["ticket_id"])
    expect(page.locator(".present")).to_have_text("Also here: ada")
    moira.say("@ada can you take this?")
    expect(ada.page.locator(".content mark")).to_have_text("@ada")
    page.get_by_role("button", name="Manage").click()
    page.get_by_label("Tags, with commas between").fill("zoo, urgent-ish")
    page.get_by_role("button", name="Save properties").click()
    expect(ada.page.locator(".talk-title")).to_contain_text("#zoo")
    page.get_by_role("button", name="4 hours").click()
    expect(listed).to_have_text(["Green giraffes"])
    expect(page.locator(".log .line").last).to_contain_text("You snoozed the ticket until")
    page.get_by_label("Narrow the list").select_option("snoozed")
    expect(listed).to_have_text(["Purple elephants"])
    page.get_by_role("button", name="Wake now").click()
    page.get_by_label("Hand over to").click()
    page.get_by_role("option", name="ada").click()
    page.get_by_role("button", name="Hand over").click()
    expect(ada.page.locator(".log .line").last).to_contain_text("moira handed the ticket to you")

    page.get_by_role("button", name="Merge").click()
    page.get_by_role("button", name="Really merge?").click()
    expect(page.locator(".talk h1")).to_have_text("Green giraffes")
    expect(page.locator(".log .line a")).to_contain_text("Purple elephants")
    expect(ada.page.locator("#message")).to_be_hidden()
    ada.page.locator(".notice").get_by_role("link").click()
    expect(ada.page.locator(".talk h1")).to_have_text("Green giraffes")
    assert second["ticket_id"] in ada.page.url
    assert ada.complaints == moira.complaints == []


def test_the_transcript_is_saved_through_the_token(visit: Visit, server: Server, tmp_path: Path) -> None:
    ticket = server.open_ticket("alice", "To keep")
    alice = visit("alice").open(ticket["ticket_id"])
    alice.page.get_by_role("button", name="Details").click()
    with alice.page.expect_download() as download:
        alice.page.get_by_role("button", name="Text").click()
    assert download.value.suggested_filename == f"ticket-{ticket['ticket_num']}.txt"
    download.value.save_as(tmp_path / "kept.txt")
    assert "Since this morning nothing happens." in (tmp_path / "kept.txt").read_text()
