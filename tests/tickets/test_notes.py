from __future__ import annotations

from tickets import services


def everything_the_owner_can_read(client, ticket) -> str:
    url = f"/api/tickets/{ticket.public_id}"
    pages = (url, f"{url}/messages", f"{url}/events", "/api/tickets", "/api/tickets?q=banned")
    return "".join(client.get(page).content.decode() for page in pages)


def test_the_owner_never_sees_a_note(ticket, alice, moira, client_of):
    note = client_of(moira).post(f"/api/tickets/{ticket.public_id}/notes", {"message": "banned before"})
    assert note.json()["message"]["is_note"] is True

    read = everything_the_owner_can_read(client_of(alice), ticket)
    assert "banned" not in read and note.json()["message"]["id"] not in read
    assert client_of(moira).get(f"/api/tickets/{ticket.public_id}").json()["messages"][-1]["is_note"]


def test_the_owner_cannot_write_edit_or_delete_one(ticket, alice, moira, client_of):
    url = f"/api/tickets/{ticket.public_id}"
    note = services.add_note(ticket.public_id, moira, "banned before")
    client = client_of(alice)

    assert client.post(f"{url}/notes", {"message": "x"}).status_code == 403
    assert client.patch(f"{url}/messages/{note.public_id}", {"message": "x"}).status_code == 404
    assert client.delete(f"{url}/messages/{note.public_id}").status_code == 404


def test_a_note_leaves_no_hole_in_the_owners_stream(ticket, alice, moira, client_of, shown):
    services.add_note(ticket.public_id, moira, "banned before")
    with shown() as publications:
        services.post_message(ticket.public_id, moira, "Hello")

    events = client_of(alice).get(f"/api/tickets/{ticket.public_id}/events").json()["events"]
    assert [(event["seq"], event["prev_seq"]) for event in events] == [(1, 0), (2, 1), (4, 2)]
    frames = {part.rooms[0]: part.frames[0].data["prev_seq"] for part in publications[0].parts}
    assert frames[f"ticket:{ticket.public_id}:owner"] == 2
    assert frames[f"ticket:{ticket.public_id}:staff"] == 3


def test_a_note_is_published_to_staff_alone(ticket, moira, shown):
    with shown() as publications:
        note = services.add_note(ticket.public_id, moira, "banned before")
        services.edit_message(ticket.public_id, note.pk, moira, "banned twice")
        services.delete_message(ticket.public_id, note.pk, moira)
    rooms = {room for publication in publications for part in publication.parts for room in part.rooms}
    assert rooms == {f"ticket:{ticket.public_id}:staff", "inbox:staff"}


def test_a_note_moves_nothing_the_owner_can_see(ticket, alice, moira, ada, client_of, shown):
    services.open_ticket(alice, "Newer one", "A ticket that is newer.")
    client = client_of(alice)
    before = client.get("/api/tickets").json()
    services.add_note(ticket.public_id, moira, "Between us")
    assert client.get("/api/tickets").json() == before

    with shown() as publications:
        services.mark_read(ticket.public_id, ada)
    owner = next(part for part in publications[0].parts if f"ticket:{ticket.public_id}:owner" in part.rooms)
    assert owner.frames[0].data["data"]["up_to_seq"] == 2


def test_notes_go_on_when_the_ticket_is_closed(ticket, moira):
    services.close_ticket(ticket.public_id, moira)
    note = services.add_note(ticket.public_id, moira, "Check in a week")
    assert note.is_note
    assert services.edit_message(ticket.public_id, note.pk, moira, "Check in two").content == "Check in two"


def test_staff_who_own_a_ticket_see_its_notes(moira, ada, client_of):
    own = services.open_ticket(moira, "My own", "A moderator needs help too.")
    services.add_note(own.public_id, ada, "Give her a cookie")
    assert client_of(moira).get(f"/api/tickets/{own.public_id}").json()["messages"][-1]["is_note"]
