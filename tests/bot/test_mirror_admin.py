"""The admin's page of the mirror: for staff, to read, at a price that does not grow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bot import services as mirrors
from bot.models import Mirror, MirroredMessage
from bot.states import mirror_state
from tickets import services

LIST = "/admin/bot/mirror/"
PLACE = 1_234_567_890_123_456_789


@pytest.fixture
def enter(client):
    def sign_in(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def mirror(ticket):
    """Placed, and told its opening and its first message."""
    made = Mirror.objects.create(ticket=ticket, seq=ticket.last_public_seq)
    mirrors.placed(made, Mirror.Place.CHANNEL, PLACE, PLACE)
    return made


def say(ticket, author, text, **columns):
    message = services.post_message(ticket.public_id, author, text)
    if columns:
        MirroredMessage.objects.create(message=message, **columns)
    return message


def page(client, ticket):
    answer = client.get(reverse("admin:bot_mirror_change", args=[ticket.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def table(text):
    """Its cells, row by row, below the headings."""
    rows = text.split('class="data-row')[1:]
    cells = [[cell.split(">", 1)[1].split("</td>")[0] for cell in row.split("<td ")[1:]] for row in rows]
    return [[cell.strip() for cell in row] for row in cells]


def test_the_state_of_each_message_is_shown_newest_first(enter, moira, alice, ticket, mirror, settings):
    settings.DISCORD_GUILD_ID = 42
    refused = say(ticket, alice, "Too long for Discord", error="Discord answered 400: too long")
    mirrors.told(mirror, refused.seq)
    waiting = say(ticket, moira, "It waits")
    mirrors.note_failure(ticket.pk, "Discord answered 503: away")
    services.add_note(ticket.public_id, moira, "Not for Discord")
    text = page(enter(moira), ticket)
    shown = [(row[0], row[1], row[3], row[4]) for row in table(text)]
    first = ticket.messages.order_by("seq").first()
    assert shown == [
        (waiting.public_id, "moira", "failed", "Discord answered 503: away"),
        (refused.public_id, "alice", "failed", "Discord answered 400: too long"),
        (first.public_id, "alice", "sent", ""),
    ]
    assert table(text)[0][5] and not table(text)[1][5]
    told = [
        (one["id"], one["state"], one["error"]) for one in mirror_state(ticket.public_id, moira)["messages"]
    ]
    assert told == [(name, state, error) for name, _by, state, error in reversed(shown)]
    assert f"https://discord.com/channels/42/{PLACE}" in text
    assert reverse("admin:tickets_ticket_change", args=[ticket.pk]) in text
    assert "Not for Discord" not in text and "Discord answered 503: away" in text


def test_the_words_of_discord_are_shown_as_they_are(enter, moira, alice, ticket, mirror):
    say(ticket, alice, "x", error="<script>alert(1)</script>")
    text = page(enter(moira), ticket)
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)" in text


def test_nothing_can_be_changed(enter, ada, ticket, mirror):
    client = enter(ada)
    change = reverse("admin:bot_mirror_change", args=[ticket.pk])
    assert client.post(change, {"seq": 0}).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{ticket.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "_save" not in page(client, ticket)
    mirror.refresh_from_db()
    assert mirror.seq == ticket.last_public_seq


def test_it_is_for_staff(enter, alice, ticket, mirror):
    for address in (LIST, reverse("admin:bot_mirror_change", args=[ticket.pk])):
        answer = enter(alice).get(address)
        assert answer.status_code == 302 and "/admin/login/" in answer["Location"]


def test_of_a_deleted_ticket_nothing_is_shown(enter, ada, ticket, mirror):
    services.delete_ticket(ticket.public_id, ada)
    assert ticket.subject not in enter(ada).get(LIST).content.decode()
    assert enter(ada).get(reverse("admin:bot_mirror_change", args=[ticket.pk])).status_code == 302


def test_the_list_finds_what_waits_and_what_failed(enter, moira, alice, ticket, mirror):
    behind = services.open_ticket(alice, "Nobody was told", "It happened a moment ago.")
    Mirror.objects.create(ticket=behind, behind_since=timezone.now() - timedelta(minutes=3))
    client = enter(moira)

    def found(**query):
        text = client.get(LIST, query).content.decode()
        return {one.subject for one in (ticket, behind) if f"#{one.pk} {one.subject}" in text}

    assert found() == {ticket.subject, behind.subject}
    assert found(told="waiting") == {behind.subject}
    assert found(told="failing") == set()
    mirrors.note_failure(ticket.pk, "Discord answered 403: Missing Permissions")
    assert found(told="failing") == {ticket.subject}
    assert found(q=behind.public_id) == {behind.subject}
    assert found(q=str(PLACE)) == {ticket.subject}
    assert found(place="channel") == {ticket.subject}


def test_the_pages_cost_the_same_however_much_there_is(
    enter, moira, alice, ticket, mirror, django_assert_max_num_queries
):
    for number in range(120):
        message = services.post_message(ticket.public_id, alice if number % 2 else moira, f"number {number}")
        parts = [MirroredMessage(message=message, part=part) for part in range(3)]
        MirroredMessage.objects.bulk_create(parts)
    for number in range(4):
        other = services.open_ticket(alice, f"Another {number}", "There are more tickets than one.")
        Mirror.objects.create(ticket=other)
    client = enter(moira)
    page(client, ticket)
    with django_assert_max_num_queries(6):
        assert len(table(page(client, ticket))) == 100
    with django_assert_max_num_queries(6):
        assert client.get(LIST).status_code == 200
