"""What is done to a ticket, by buttons in Discord or at the site, is done on both sides."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.workers, pytest.mark.once]


@pytest.fixture
def opened(community):
    """A ticket of nora's with its channel."""
    nora = community.people["nora"]
    ticket = community.open_in_discord(nora, "Please help", "Nothing works any more, please help me.")
    place = community.place(ticket["ticket_num"])["id"]
    community.wait(lambda: community.said(place))
    yield ticket["ticket_id"], place
    community.client("ada").delete(f"/api/tickets/{ticket['ticket_id']}")


def detail(community, ticket_id):
    return community.client("moira").get(f"/api/tickets/{ticket_id}").json()


def test_buttons_claim_and_close_and_reopen(community, opened):
    ticket_id, place = opened
    staff, nora = community.people["max"], community.people["nora"]
    assert community.words(community.button(staff, place, "claim", ticket_id)) == "The ticket is yours."
    assert detail(community, ticket_id)["claimed_by"] == str(staff)
    community.wait(lambda: "🙋 **max** claimed this ticket." in community.lines(place))

    def is_off(verb):
        buttons = [one for row in community.panel(place)["components"] for one in row["components"]]
        return next(one for one in buttons if verb in one["custom_id"]).get("disabled")

    community.wait(lambda: is_off("claim"))
    click = community.button(staff, place, "close", ticket_id)
    assert community.answer(click)["modal"]["title"] == "Close the ticket"
    field = community.fields(click)[0]
    community.discord.interface.submit(staff, click, {field: "Solved, bye!"})
    community.wait(lambda: detail(community, ticket_id)["status"] == "closed")
    community.wait(lambda: "🔒 **max** closed this ticket." in community.lines(place))
    assert ("max", "Solved, bye!") in community.said(place)
    community.wait(lambda: not community.may_write(nora, place))
    community.wait(lambda: not is_off("reopen"))
    assert community.words(community.button(nora, place, "reopen", ticket_id)) == "The ticket is open again."
    community.wait(lambda: community.may_write(nora, place))
    assert detail(community, ticket_id)["status"] == "open"


def test_the_row_decides_and_not_the_button(community, opened):
    ticket_id, place = opened
    nora = community.people["nora"]
    assert "may not" in community.words(community.button(nora, place, "claim", ticket_id))
    assert detail(community, ticket_id)["status"] == "open"
    click = community.button(nora, place, "close", ticket_id)
    field = community.fields(click)[0]
    refused = community.discord.interface.submit(nora, click, {field: "Enough of this."})
    assert "may not" in community.words(refused)
    assert detail(community, ticket_id)["status"] == "open"
    community.client("moira").post(f"/api/tickets/{ticket_id}/claim").raise_for_status()
    staff = community.people["max"]
    said = community.words(community.discord.interface.slash(staff, place, "ticket claim"))
    assert "claimed" in said
    assert detail(community, ticket_id)["claimed_by"] != str(staff)


def test_assigning_goes_to_staff_alone(community, opened):
    ticket_id, place = opened
    root, staff, nora = (community.people[name] for name in ("root", "max", "nora"))
    click = community.button(root, place, "assign", ticket_id)
    shown = community.answer(click)["message"]
    select = shown["components"][0]["components"][0]["custom_id"]
    refused = community.discord.interface.choose(root, shown["id"], select, [nora])
    assert "moderator or an admin" in community.words(refused)
    chosen = community.discord.interface.choose(root, shown["id"], select, [staff])
    assert "Assigned to" in community.words(chosen) or "moderator" in community.words(chosen)


def test_closing_at_the_site_posts_the_transcript_and_locks(community, opened):
    ticket_id, place = opened
    discord = community.discord.people
    transcripts = discord.make_channel("transcripts")
    setting = {"transcript_channel_id": str(transcripts)}
    community.client("ada").put("/api/config/channels", json=setting).raise_for_status()
    community.client("moira").post(f"/api/tickets/{ticket_id}/notes", json={"message": "a secret note"})
    community.client("moira").post(f"/api/tickets/{ticket_id}/close").raise_for_status()
    community.wait(lambda: discord.messages(transcripts))
    file = discord.messages(transcripts)[0]["attachments"][0]
    assert file["filename"].endswith(".html")
    assert b"Nothing works any more" in file["content"]
    assert b"a secret note" not in file["content"]
    community.wait(lambda: not community.may_write(community.people["nora"], place))


def test_deleting_at_the_site_deletes_in_discord(community, opened):
    ticket_id, place = opened
    community.client("ada").delete(f"/api/tickets/{ticket_id}").raise_for_status()
    community.wait(lambda: place not in [one["id"] for one in community.discord.people.dump()["channels"]])


def test_an_admin_deletes_in_discord_and_a_moderator_may_not(community, opened):
    ticket_id, place = opened
    for person, deleted in (("max", False), ("root", True)):
        click = community.button(community.people[person], place, "delete", ticket_id)
        shown = community.answer(click)["message"]
        button = shown["components"][0]["components"][0]["custom_id"]
        sure = community.discord.interface.click(community.people[person], shown["id"], button)
        assert ("may not" in community.words(sure)) is not deleted
    assert community.client("moira").get(f"/api/tickets/{ticket_id}").status_code == 404
    community.wait(lambda: place not in [one["id"] for one in community.discord.people.dump()["channels"]])


def test_a_channel_deleted_by_hand_does_not_lose_the_ticket(community, opened):
    ticket_id, place = opened
    community.discord.people.delete_channel(place)
    num = detail(community, ticket_id)["ticket_num"]
    community.wait(lambda: community.place_of(num) is None)
    community.wait(lambda: community.mirror_is_nowhere(ticket_id))
    community.send("moira", ticket_id, "Are you still there?")
    again = community.place(num)
    assert again["id"] != place
    community.wait(lambda: community.said(again["id"]) == [("moira", "Are you still there?")])


def test_a_button_that_opens_tickets_stands_in_a_channel(community):
    root, nora = community.people["root"], community.people["nora"]
    channel = community.discord.people.make_channel("support")
    command = community.discord.interface.slash(root, channel, "ticket panel")
    assert community.words(command) == "Posted."
    message = community.discord.people.messages(channel)[0]
    click = community.discord.interface.click(nora, message["id"], "tickets:open")
    values = dict(zip(community.fields(click), ("By the button", "I pressed the button there."), strict=True))
    submitted = community.discord.interface.submit(nora, click, values)
    assert "is open. Go on in <#" in community.words(submitted)
