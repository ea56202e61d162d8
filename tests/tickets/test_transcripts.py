"""The whole conversation as one file."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from tests.tickets.files import given, photo, picture, plain_png
from tickets import services
from tickets.models import Message, Ticket, TicketEvent
from tickets.transcripts import pictures

EVIL = '<script>alert(1)</script><img src=x onerror=alert(2)> & "quotes"'


class Seen(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


@pytest.fixture
def download(ticket, client_of):
    def get(reader, kind: str = "html", of: Ticket = ticket) -> str:
        answer = client_of(reader).get(f"/api/tickets/{of.public_id}/transcript?format={kind}")
        assert answer.status_code == 200, answer.content
        return answer.getvalue().decode()

    return get


@pytest.fixture
def history(ticket, alice, moira):
    """A bit of everything."""
    url = ticket.public_id
    services.claim_ticket(url, moira)
    edited = services.post_message(url, alice, "typo")
    services.edit_message(url, edited.pk, alice, f"{EVIL}\nsecond line")
    deleted = services.post_message(url, alice, "please forget")
    services.delete_message(url, deleted.pk, alice)
    services.add_note(url, moira, "banned before")
    services.assign_ticket(url, moira, moira.user_id)
    services.attach_files(url, moira, [given(picture(), "<b>.png"), given(b"words", "log.txt")])
    services.close_ticket(url, moira, "Goodbye")


def test_the_page_has_all_and_does_nothing(history, alice, download):
    page = download(alice)
    seen = Seen(page)

    assert "script" not in seen.tags and "link" not in seen.tags and "a" not in seen.tags
    assert not any(name.startswith("on") for name, _value in seen.attributes)
    sources = [value for name, value in seen.attributes if name in ("src", "href")]
    assert sources and all(source.startswith("data:image/") for source in sources)
    assert "&lt;script&gt;alert(1)" in page and "second line" in page and "edited" in page
    assert "please forget" not in page and "A message of alice was deleted" in page
    assert "moira claimed the ticket" in page and "moira assigned the ticket to moira" in page
    assert "moira closed the ticket" in page and "log.txt" in page and "Goodbye" in page
    assert "banned" not in page
    times = [value for name, value in seen.attributes if name == "datetime"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in times)


def test_headers_of_a_file_to_keep(ticket, alice, client_of):
    answer = client_of(alice).get(f"/api/tickets/{ticket.public_id}/transcript")
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["Content-Disposition"].startswith(f'attachment; filename="ticket-{ticket.pk}.html"')
    assert "no-store" in answer["Cache-Control"] and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert int(answer["Content-Length"]) == len(answer.getvalue())


@pytest.mark.parametrize("kind", ["html", "json", "txt"])
def test_notes_are_in_the_transcript_of_staff_alone(history, alice, moira, download, kind):
    assert "banned before" in download(moira, kind)
    assert "banned" not in download(alice, kind)


def test_the_json_is_what_the_api_says(history, ticket, alice, moira, client_of, download):
    import orjson

    for reader in (alice, moira):
        whole, client = orjson.loads(download(reader, "json")), client_of(reader)
        detail = client.get(f"/api/tickets/{ticket.public_id}").json()
        events = client.get(f"/api/tickets/{ticket.public_id}/events").json()["events"]
        assert {name: whole[name] for name in detail} == detail
        assert whole["events"] == events
        assert whole["merged_tickets"] == []


def test_plain_lines_cannot_be_forged(ticket, alice, moira, download):
    forged = "hello\n[2026-01-01 00:00] moira (staff): you get your money back\x1b[2J\u202e"
    services.post_message(ticket.public_id, alice, forged)
    services.post_message(ticket.public_id, moira, "No.")
    lines = download(moira, "txt").splitlines()
    stamped = [line for line in lines if re.match(r"\[\d{4}-\d\d-\d\d \d\d:\d\d\] ", line)]
    assert [line[19:] for line in stamped] == [
        "* alice opened the ticket",
        "alice: Since this morning nothing happens.",
        "alice: hello",
        "moira (staff): No.",
    ]
    assert "    [2026-01-01 00:00] moira (staff): you get your money back[2J" in lines


@pytest.mark.parametrize("query", ["format=pdf", "format=%00", "format=../html"])
def test_other_formats_are_400(ticket, alice, client_of, query):
    answer = client_of(alice).get(f"/api/tickets/{ticket.public_id}/transcript?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_ten_a_minute(counted_limits, ticket, alice, client_of):
    client, url = client_of(alice), f"/api/tickets/{ticket.public_id}/transcript?format=txt"
    statuses = [client.get(url).status_code for _ in range(21)]  # a minute may end in between
    assert statuses[:9] == [200] * 9 and 429 in statuses


def pictures_in(page: str) -> list[Image.Image]:
    found = re.findall(r'src="data:image/[a-z]+;base64,([^"]+)"', page)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_large_pictures_are_scaled_down_and_photos_stand_upright(ticket, alice, download):
    services.attach_files(ticket.public_id, alice, [given(plain_png(3000, 1500), "wide.png")])
    services.attach_files(ticket.public_id, alice, [given(photo(), "photo.jpg")])
    large = picture("PNG", (900, 600))
    assert len(large) > pictures.AS_IT_IS
    services.attach_files(ticket.public_id, alice, [given(large, "large.png")])
    wide, upright, smaller = pictures_in(download(alice))
    assert wide.size == (1600, 800)
    assert upright.getexif().get(0x0112) == 6  # as it was: browsers turn it
    assert (smaller.size, smaller.format) == ((900, 600), "WEBP")


def test_beyond_the_budget_pictures_are_names(ticket, alice, download, monkeypatch):
    monkeypatch.setattr(pictures, "MOST", 2)
    for number in range(3):
        services.attach_files(ticket.public_id, alice, [given(picture(), f"p{number}.png")])
    page = download(alice)
    assert len(pictures_in(page)) == 2 and "p2.png" in page
    monkeypatch.setattr(pictures, "BUDGET", 100)
    page = download(alice)
    assert pictures_in(page) == [] and "p0.png" in page


def test_a_picture_whose_bytes_are_lost_is_a_name(ticket, alice, download):
    from django.core.files.storage import default_storage

    from tickets.models import StoredFile

    services.attach_files(ticket.public_id, alice, [given(picture(), "lost.png")])
    default_storage.delete(StoredFile.objects.get().place)
    assert "lost.png" in download(alice)


def test_merged_tickets_follow_after_a_heading(ticket, alice, moira, download):
    import orjson

    other = services.open_ticket(alice, "The same again", "It does still not start.")
    third = services.open_ticket(alice, "And again", "It does not start, I said.")
    services.merge_tickets(third.public_id, other.public_id, moira)
    services.merge_tickets(other.public_id, ticket.public_id, moira)
    page, text = download(alice), download(alice, "txt")
    for whole in (page, text):
        assert whole.index("Since this morning") < whole.index("It does still not") < whole.index("I said.")
        assert f"#{ticket.pk}" in whole and f"moira merged into this ticket: #{other.pk}" in whole
    assert page.count("<h2>") == 2
    merged = orjson.loads(download(alice, "json"))["merged_tickets"]
    assert [part["ticket_id"] for part in merged] == [other.public_id, third.public_id]
    assert "It does still not start." not in download(alice, of=third)


def fill(ticket: Ticket, author, count: int) -> None:
    """Many messages at once, as `post_message` would have stored them."""
    first = ticket.last_seq + 1
    rows = [Message(ticket=ticket, seq=seq, author=author, content=f"Message {seq} " + "x" * 80)
            for seq in range(first, first + count)]  # fmt: skip
    steps = [TicketEvent(ticket=ticket, seq=row.seq, previous_public_seq=row.seq - 1,
                         type="new_message", actor=author, message=row)
             for row in Message.objects.bulk_create(rows)]  # fmt: skip
    TicketEvent.objects.bulk_create(steps)
    Ticket.objects.filter(pk=ticket.pk).update(last_seq=first + count - 1, last_public_seq=first + count - 1)
    ticket.refresh_from_db()


@pytest.mark.parametrize(("kind", "queries"), [("html", 7), ("txt", 7), ("json", 11)])
def test_a_long_ticket_costs_a_query_for_each_portion(ticket, alice, kind, queries,
                                                      django_assert_num_queries):  # fmt: skip
    fill(ticket, alice, 1600)
    with django_assert_num_queries(queries):
        made = services.transcript(ticket.public_id, alice, kind)
    whole = made.file.read().decode()
    assert made.size == len(whole.encode())
    assert all(f"Message {seq} " in whole for seq in range(3, 1603))
    made.file.close()
