"""Files of messages, over REST."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from hazesite.housekeeping import CHORES
from hazesite.stored_files import sweep_unfinished_files
from tests.tickets.files import HTML, PDF, given, picture
from tickets import services
from tickets.models import Attachment, Message, StoredFile
from tickets.services.attachments import drop_attachments_of_deleted_messages, sweep_unused_files

LONG_AGO = timedelta(days=31)


@pytest.fixture
def url(ticket) -> str:
    return f"/api/tickets/{ticket.public_id}/attachments"


@pytest.fixture
def attach(url, client_of):
    def send(user, *files, **fields):
        return client_of(user).post(url, {"file": list(files), **fields}, format="multipart")

    return send


def read(answer) -> bytes:
    return answer.getvalue() if answer.streaming else answer.content


def test_a_picture_is_a_message_and_everybody_there_may_read_it(ticket, alice, moira, attach, client_of):
    data = picture("PNG", (40, 30))
    sent = attach(alice, given(data, "screen.png"), message="Look")

    assert sent.status_code == 200, sent.content
    message = sent.json()["message"]
    assert (message["content"], message["is_note"]) == ("Look", False)
    (shown,) = message["attachments"]
    assert shown.keys() == {"id", "name", "content_type", "size", "width", "height", "url"}
    assert (shown["name"], shown["content_type"]) == ("screen.png", "image/png")
    assert (shown["size"], shown["width"], shown["height"]) == (len(data), 40, 30)
    for reader in (alice, moira):
        got = client_of(reader).get(shown["url"])
        assert (got.status_code, got["Content-Type"], read(got)) == (200, "image/png", data)
        listed = client_of(reader).get(f"/api/tickets/{ticket.public_id}").json()["messages"]
        assert listed[-1]["attachments"] == [shown]
    assert client_of(moira).get("/api/tickets").json()["tickets"][0]["last_message"] == "Look"


def test_the_headers_keep_a_file_from_doing_anything(alice, attach, client_of):
    sent = attach(alice, given(PDF, "Rëchnung;1.pdf"), given(b"words", "a.txt"), given(picture(), "b.png"))
    pdf, text, image = (client_of(alice).get(file["url"]) for file in sent.json()["message"]["attachments"])
    for got in (pdf, text, image):
        assert got["X-Content-Type-Options"] == "nosniff"
        assert got["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert got["Cache-Control"].startswith("private") and "Authorization" in got["Vary"]
        read(got)
    assert pdf["Content-Disposition"] == (
        "attachment; filename=\"R_chnung;1.pdf\"; filename*=UTF-8''R%C3%ABchnung%3B1.pdf"
    )
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert image["Content-Disposition"].startswith("inline;")


def test_screens_are_told_with_the_attachments(ticket, alice, shown):
    with shown() as publications:
        services.attach_files(ticket.public_id, alice, [given(b"words", "a.txt")])
    (frame, update) = publications[0].parts[0].frames
    assert frame.data["messageData"]["attachments"][0]["name"] == "a.txt"
    assert update.data["data"]["attachments"][0]["name"] == "a.txt"


def test_a_summary_of_files_alone_is_their_names(alice, attach, client_of):
    attach(alice, given(b"words", "a.txt"), given(b"more", "b.txt"))
    assert client_of(alice).get("/api/tickets").json()["tickets"][0]["last_message"] == "a.txt, b.txt"


@pytest.mark.parametrize(
    ("ranges", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-4", 206, slice(-4, None)),
        ("bytes=-400", 206, slice(0, None)),
        ("bytes=0-99999", 206, slice(0, None)),
        ("bytes=0-1,4-5", 200, slice(0, None)),
        ("bytes=5-2", 200, slice(0, None)),
        ("bytes=-", 200, slice(0, None)),
        ("lines=1-2", 200, slice(0, None)),
        ("bytes=26-", 416, None),
        ("bytes=-0", 416, None),
    ],
)
def test_parts_of_a_file(alice, attach, client_of, ranges, status, part):
    data = b"abcdefghijklmnopqrstuvwxyz"
    file = attach(alice, given(data, "a.txt")).json()["message"]["attachments"][0]
    got = client_of(alice).get(file["url"], headers={"Range": ranges})
    assert got.status_code == status
    if part is None:
        assert got["Content-Range"] == "bytes */26"
        assert got.json()["code"] == "range_not_satisfiable"
        return
    assert read(got) == data[part]
    assert int(got["Content-Length"]) == len(data[part])
    if status == 206:
        start = range(26)[part][0]
        assert got["Content-Range"] == f"bytes {start}-{start + len(data[part]) - 1}/26"


def test_who_has_it_already_gets_no_bytes(alice, attach, client_of):
    file = attach(alice, given(b"words", "a.txt")).json()["message"]["attachments"][0]
    client, digest = client_of(alice), hashlib.sha256(b"words").hexdigest()
    for tags in (f'"{digest}"', f'"other", W/"{digest}"', "*"):
        again = client.get(file["url"], headers={"If-None-Match": tags})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", f'"{digest}"')
    stale = client.get(file["url"], headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (stale.status_code, read(stale)) == (200, b"words")
    head = client.head(file["url"])
    assert (head.status_code, head["Content-Length"], head.content) == (200, "5", b"")


def test_files_of_a_note_are_for_staff(ticket, alice, moira, attach, client_of):
    message = attach(moira, given(b"banned before", "a.txt"), note="true").json()["message"]
    assert message["is_note"] is True
    file = message["attachments"][0]["url"]
    assert client_of(alice).get(file).status_code == 404
    assert "a.txt" not in client_of(alice).get(f"/api/tickets/{ticket.public_id}").content.decode()
    assert read(client_of(moira).get(file)) == b"banned before"
    assert attach(alice, given(b"x", "a.txt"), note="true").status_code == 403


def test_a_file_is_found_in_its_own_ticket_alone(ticket, alice, mallory, moira, attach, client_of):
    file = attach(alice, given(b"words", "a.txt")).json()["message"]["attachments"][0]
    hers = services.open_ticket(mallory, "My own", "A ticket of my own.")
    elsewhere = file["url"].replace(ticket.public_id, hers.public_id)
    assert client_of(mallory).get(file["url"]).status_code == 404
    for reader in (mallory, moira):
        assert client_of(reader).get(elsewhere).status_code == 404


def test_a_deleted_message_takes_its_files_along_at_once(ticket, alice, ada, attach, client_of):
    first, second = (
        attach(alice, given(words, "a.txt")).json()["message"] for words in (b"first", b"second")
    )
    client = client_of(alice)
    gone = client.delete(f"/api/tickets/{ticket.public_id}/messages/{first['id']}")
    assert gone.status_code == 200
    assert client.get(first["attachments"][0]["url"]).status_code == 404
    events = client.get(f"/api/tickets/{ticket.public_id}/events").json()["events"]
    assert events[-1]["data"]["attachments"] == []

    services.delete_ticket(ticket.public_id, ada)
    assert client.get(second["attachments"][0]["url"]).status_code == 404


def test_a_repeated_upload_is_one_message(ticket, alice, attach):
    first = attach(alice, given(b"words", "a.txt"), client_nonce="n1")
    again = attach(alice, given(b"words", "a.txt"), client_nonce="n1")
    assert again.json() == first.json()
    for other in (attach(alice, given(b"other", "a.txt"), client_nonce="n1"),
                  attach(alice, given(b"words", "a.txt"), client_nonce="n1", message="x")):  # fmt: skip
        assert (other.status_code, other.json()["code"]) == (409, "nonce_reused")
    assert Attachment.objects.count() == 1
    services.close_ticket(ticket.public_id, alice.__class__.objects.create_superuser("root", "a-root-1"))
    assert attach(alice, given(b"words", "a.txt"), client_nonce="n1").json() == first.json()


def test_a_closed_ticket_takes_no_files_but_notes(ticket, alice, moira, attach):
    services.close_ticket(ticket.public_id, moira)
    refused = attach(alice, given(b"words", "a.txt"))
    assert (refused.status_code, refused.json()["code"]) == (409, "ticket_closed")
    assert attach(moira, given(b"words", "a.txt"), note="true").status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        (dict, 400, "invalid"),
        (lambda: {"file": [given(b"", "a.txt")]}, 400, "invalid"),
        (lambda: {"file": "no file"}, 400, "invalid"),
        (lambda: {"file": [given(b"x", "a.txt")], "message": "x" * 4001}, 400, "invalid"),
        (lambda: {"file": [given(b"x", "a.txt") for _ in range(11)]}, 400, "invalid"),
        (lambda: {"file": [given(HTML, "a.png")]}, 415, "unsupported_file"),
        (lambda: {"file": [given(b"x" * (10 * 2**20 + 1), "a.txt")]}, 413, "too_large"),
        (lambda: {"file": [given(b"x" * 9 * 2**20, "a.txt") for _ in range(3)]}, 413, "too_large"),
    ],
)
def test_what_is_refused_leaves_nothing(ticket, alice, client_of, url, fields, status, code):
    answer = client_of(alice).post(url, fields(), format="multipart")  # files are read to their end once
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert {"error", "request_id"} <= answer.json().keys()
    assert ticket.messages.count() == 1


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"x", 400),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"', 400),
        ("application/json", b"{}", 415),
    ],
)
def test_a_broken_form_is_an_error_in_the_envelope(alice, client_of, url, content_type, body, status):
    answer = client_of(alice).generic("POST", url, body, content_type=content_type)
    assert answer.status_code == status
    assert {"error", "code", "request_id"} <= answer.json().keys()


def test_too_many_files_a_minute(counted_limits, ticket, alice, attach):
    # Seven times ten: a minute may end in between.
    answers = [attach(alice, *[given(b"x", "a.txt") for _ in range(10)]) for _ in range(7)]
    assert answers[0].status_code == 200
    limited = next(answer for answer in answers if answer.status_code != 200)
    assert (limited.status_code, limited.json()["code"]) == (429, "too_many_requests")
    assert int(limited["Retry-After"]) > 0


def test_the_same_bytes_are_stored_once(alice, moira, attach):
    attach(alice, given(b"the same", "a.txt"))
    attach(moira, given(b"the same", "b.txt"), given(b"the same", "c.txt"))
    (stored,) = StoredFile.objects.all()
    assert stored.attachments.count() == 3
    with default_storage.open(stored.place) as file:
        assert file.read() == b"the same"
    assert "a.txt" not in stored.place


def test_bytes_that_were_reserved_but_never_written_are_written_by_the_next(alice, attach, client_of):
    attach(alice, given(b"words", "a.txt"))
    stored = StoredFile.objects.get()
    default_storage.delete(stored.place)
    file = attach(alice, given(b"words", "b.txt")).json()["message"]["attachments"][0]
    assert read(client_of(alice).get(file["url"])) == b"words"


def test_lost_bytes_are_a_404(alice, attach, client_of):
    file = attach(alice, given(b"words", "a.txt")).json()["message"]["attachments"][0]
    default_storage.delete(StoredFile.objects.get().place)
    assert client_of(alice).get(file["url"]).status_code == 404


def test_the_sweeper_takes_what_is_old_and_unused_alone(ticket, alice, moira, attach):
    attach(alice, given(b"used", "a.txt"))
    services.close_ticket(ticket.public_id, moira)
    for words in (b"unused", b"unused too", b"young"):
        attach(alice, given(words, "a.txt"))
    young = StoredFile.objects.get(digest=hashlib.sha256(b"young").hexdigest())
    StoredFile.objects.exclude(pk=young.pk).update(created_at=timezone.now() - LONG_AGO)
    places = {stored.size: stored.place for stored in StoredFile.objects.all()}

    # Somebody sends one of them again: it is young once more.
    attach(alice, given(b"unused too", "a.txt"))
    assert sweep_unused_files() == 1
    assert {size for size, place in places.items() if default_storage.exists(place)} == {4, 10, 5}
    assert StoredFile.objects.count() == 3
    assert sweep_unused_files() == 0


def test_files_are_there_whole_or_not_at_all(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    class Broken(ContentFile):
        def chunks(self, chunk_size=None):
            yield b"half"
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        default_storage.save("files/aa/x", Broken(b""))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    for words in (b"first", b"second"):
        assert default_storage.save("files/aa/x", ContentFile(words)) == "files/aa/x"
    assert (tmp_path / "files/aa/x").read_bytes() == b"second"


def test_what_a_killed_process_left_is_swept_away(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    young, old = (tmp_path / f".unfinished-{name}" for name in ("young", "old"))
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert sweep_unfinished_files in CHORES and sweep_unused_files in CHORES
    assert sweep_unfinished_files() == 1
    assert list(tmp_path.iterdir()) == [young]


def test_files_of_deleted_messages_go_after_thirty_days(ticket, alice, attach):
    message = attach(alice, given(b"words", "a.txt")).json()["message"]
    row = Message.objects.get(pk=message["id"].removeprefix("msg_"))
    services.delete_message(ticket.public_id, row.pk, alice)
    assert drop_attachments_of_deleted_messages() == 0
    Message.objects.filter(pk=row.pk).update(deleted_at=timezone.now() - LONG_AGO)
    StoredFile.objects.update(created_at=timezone.now() - LONG_AGO)
    assert (drop_attachments_of_deleted_messages(), sweep_unused_files()) == (1, 1)


def test_attachments_cost_the_list_of_messages_no_query(ticket, alice, attach, client_of, url,
                                                        django_assert_num_queries):  # fmt: skip
    for number in range(5):
        attach(alice, given(b"words %d" % number, "a.txt"), given(b"x", "b.txt"))
    client = client_of(alice)
    client.get(f"/api/tickets/{ticket.public_id}/messages")
    with django_assert_num_queries(3):
        answer = client.get(f"/api/tickets/{ticket.public_id}/messages").json()
    assert sum(len(message["attachments"]) for message in answer["messages"]) == 10
