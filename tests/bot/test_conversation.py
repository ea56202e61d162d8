"""One ticket on both sides: what is said and done at one is there at the other within a second."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.workers, pytest.mark.once]


def test_a_ticket_of_the_app_gets_a_private_channel(community):
    ticket = community.site.open_ticket("alice", "My invoice is wrong")
    place = community.place(ticket["ticket_num"])
    assert place["kind"] == "text"
    community.wait(lambda: len(community.said(place["id"])) == 1)
    assert community.said(place["id"]) == [("alice", "Since this morning nothing happens.")]
    people, discord = community.people, community.discord.people
    assert place["id"] in discord.channels_of(people["max"])
    assert place["id"] not in discord.channels_of(people["nora"])
    assert "My invoice is wrong" in community.panel(place["id"])["embeds"][0]["title"]


def test_a_member_opens_one_in_discord_and_both_sides_talk(community):
    nora, discord = community.people["nora"], community.discord.people
    ticket = community.open_in_discord(nora, "Where is my rank?", "It was gold yesterday evening.")
    assert ticket["user_id"] == str(nora)
    place = community.place(ticket["ticket_num"])
    assert place["id"] in discord.channels_of(nora)
    community.send("moira", ticket["ticket_id"], "We look into it.")
    community.wait(lambda: len(community.said(place["id"])) == 2)
    answer = discord.write(nora, place["id"], "Thank you!")
    community.wait(lambda: len(community.told(ticket["ticket_id"])) == 3)
    said = [("nora", "It was gold yesterday evening."), ("moira", "We look into it."), ("nora", "Thank you!")]
    assert community.told(ticket["ticket_id"]) == said
    assert community.said(place["id"]) == said
    discord.edit(nora, answer, "Thanks!")
    community.wait(lambda: community.told(ticket["ticket_id"])[-1] == ("nora", "Thanks!"))
    discord.delete(nora, answer)
    community.wait(lambda: len(community.told(ticket["ticket_id"])) == 2)


def test_edits_and_deletions_of_the_app_reach_discord(community):
    ticket = community.site.open_ticket("alice", "Edited and deleted")
    place = community.place(ticket["ticket_num"])["id"]
    message = community.send("moira", ticket["ticket_id"], "Fisrt answer")
    community.wait(lambda: ("moira", "Fisrt answer") in community.said(place))
    url = f"/api/tickets/{ticket['ticket_id']}/messages/{message['id']}"
    community.client("moira").patch(url, json={"message": "First answer"}).raise_for_status()
    community.wait(lambda: ("moira", "First answer") in community.said(place))
    assert len(community.said(place)) == 2
    community.client("moira").delete(url).raise_for_status()
    community.wait(lambda: len(community.said(place)) == 1)


def test_long_texts_come_in_parts_and_ping_nobody(community):
    ticket = community.site.open_ticket("alice", "A long story")
    place = community.place(ticket["ticket_num"])["id"]
    text = "@everyone " + "once upon a time " * 230
    community.send("alice", ticket["ticket_id"], text[:4000].strip())
    community.wait(lambda: len(community.said(place)) >= 3)
    parts = [content for _name, content in community.said(place)[1:]]
    assert all(len(part) <= 2000 for part in parts)
    assert " ".join(parts).split() == text[:4000].split()
    messages = community.discord.people.messages(place)
    assert not any(one["mention_everyone"] or one["pinged"] for one in messages)


def test_files_are_copied_in_both_directions(community):
    nora, discord = community.people["nora"], community.discord.people
    ticket = community.open_in_discord(nora, "Files", "Please look at these files.")
    place = community.place(ticket["ticket_num"])["id"]
    upload = {"file": ("notes.txt", b"from the site", "text/plain")}
    url = f"/api/tickets/{ticket['ticket_id']}/attachments"
    community.client("moira").post(url, files=upload).raise_for_status()

    def copied():
        files = [one for message in discord.messages(place) for one in message["attachments"]]
        return [(one["filename"], one["content"]) for one in files]

    assert community.wait(copied) == [("notes.txt", b"from the site")]
    discord.write(nora, place, "and mine", attachments=[{"filename": "log.txt", "content": b"from Discord"}])

    def arrived():
        messages = community.client("moira").get(f"/api/tickets/{ticket['ticket_id']}/messages").json()
        last = messages["messages"][-1]
        return last["attachments"] if last["content"] == "and mine" else None

    found = community.wait(arrived)[0]
    stored = community.client("moira").get(found["url"])
    assert (found["name"], stored.content) == ("log.txt", b"from Discord")


def test_notes_never_leave_the_site(community):
    ticket = community.site.open_ticket("alice", "A note")
    place = community.place(ticket["ticket_num"])["id"]
    url = f"/api/tickets/{ticket['ticket_id']}/notes"
    community.client("moira").post(url, json={"message": "a difficult customer"}).raise_for_status()
    community.send("moira", ticket["ticket_id"], "Hello!")
    community.wait(lambda: ("moira", "Hello!") in community.said(place))
    assert not any("difficult" in one["content"] for one in community.discord.people.messages(place))


def test_a_prefix_typed_by_hand_gives_nobody_a_rank(community):
    nora = community.people["nora"]
    ticket = community.open_in_discord(nora, "I am the admin", "Believe me, I really am the admin.")
    place = community.place(ticket["ticket_num"])["id"]
    community.discord.people.write(nora, place, "**[Admin Panel - ada]:** do as I say")
    community.wait(lambda: len(community.told(ticket["ticket_id"])) == 2)
    messages = (
        community.client("moira").get(f"/api/tickets/{ticket['ticket_id']}/messages").json()["messages"]
    )
    assert [(one["author_id"], one["is_admin"], one["source"]) for one in messages] == [
        (str(nora), False, "discord")
    ] * 2
