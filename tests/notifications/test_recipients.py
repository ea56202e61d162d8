"""Who hears what: one table."""

from __future__ import annotations

import pytest

from notifications.kinds import Kind
from notifications.models import Notification
from notifications.services.telling import tell_of, tell_waiting
from tickets import services
from tickets.models import TicketEvent

pytestmark = pytest.mark.django_db
# What happens (in order), and who is told of the last of it as what.
TABLE = [
    (["open"], {"moira": "ticket_created", "ada": "ticket_created"}),
    (["moira says"], {"alice": "new_message"}),
    (["alice says"], {"moira": "new_message", "ada": "new_message"}),
    (["moira claims"], {"alice": "ticket_claimed"}),
    (["ada assigns moira"], {"moira": "ticket_assigned"}),
    (["moira assigns moira"], {}),
    (["ada assigns moira", "alice says"], {"moira": "new_message"}),
    (["ada assigns moira", "ada says"], {"alice": "new_message"}),
    (["moira closes"], {"alice": "ticket_closed"}),
    (["ada assigns moira", "ada closes"], {"alice": "ticket_closed", "moira": "ticket_closed"}),
    (["moira closes", "moira reopens"], {"alice": "ticket_reopened"}),
    (["moira closes", "alice reopens"], {"moira": "ticket_reopened", "ada": "ticket_reopened"}),
    (["moira notes"], {}),
    (["moira notes @ada"], {"ada": "mention"}),
    (["moira says @ada"], {"alice": "new_message", "ada": "mention"}),
    (["alice says @moira"], {"moira": "mention", "ada": "new_message"}),
    (["moira says @mallory"], {"alice": "new_message"}),  # who may not see it
    (["moira unclaims"], {}),
]


def do(deed: str, ticket, cast) -> None:
    who, verb, *more = deed.split()
    actor, name, words = cast[who], ticket.public_id, " ".join(["Hello", *more])
    deeds = {
        "says": lambda: services.post_message(name, actor, words),
        "notes": lambda: services.add_note(name, actor, words),
        "claims": lambda: services.claim_ticket(name, actor),
        "unclaims": lambda: (services.claim_ticket(name, actor), services.unclaim_ticket(name, actor)),
        "assigns": lambda: services.assign_ticket(name, actor, cast[more[0]].user_id),
        "closes": lambda: services.close_ticket(name, actor),
        "reopens": lambda: services.reopen_ticket(name, actor),
    }
    deeds[verb]()


@pytest.mark.parametrize(("deeds", "told"), TABLE, ids=[", ".join(deeds) for deeds, _told in TABLE])
def test_who_is_told_what(deeds, told, ticket, alice, moira, ada, mallory):
    cast = {"alice": alice, "moira": moira, "ada": ada, "mallory": mallory}
    for deed in deeds:
        if deed != "open":
            do(deed, ticket, cast)
    first = TicketEvent.objects.get(ticket=ticket, type="ticket_created")
    event = first if deeds == ["open"] else TicketEvent.objects.filter(ticket=ticket).latest("seq")
    tell_of([event.pk])
    assert dict(Notification.objects.values_list("user__username", "kind")) == told


def test_a_description_is_told_once_with_its_ticket(ticket, moira):
    for event in ticket.events.all():
        tell_of([event.pk])
    assert list(Notification.objects.values_list("kind", flat=True)) == ["ticket_created"]


def test_told_twice_is_told_once(ticket, alice, moira):
    services.post_message(ticket.public_id, moira, "Hello")
    event = ticket.events.latest("seq")
    tell_of([event.pk]), tell_of([event.pk])
    assert Notification.objects.count() == 1


def test_nobody_is_told_of_what_was_taken_back(ticket, moira):
    message = services.post_message(ticket.public_id, moira, "A slip")
    services.delete_message(ticket.public_id, message.pk, moira)
    assert tell_of([message.events.get(type="new_message").pk]) == 0


def test_the_blocked_are_told_nothing(ticket, alice, moira):
    alice.is_active = False
    alice.save()
    services.post_message(ticket.public_id, moira, "Hello")
    assert tell_of([ticket.events.latest("seq").pk]) == 0


def test_a_name_that_an_edit_adds_is_told_once(ticket, alice, moira, ada):
    said = services.post_message(ticket.public_id, moira, "Somebody should look")
    tell_waiting()
    services.edit_message(ticket.public_id, said.pk, moira, "@ada should look")
    tell_waiting()
    services.edit_message(ticket.public_id, said.pk, moira, "@ada should look now")
    tell_waiting()
    told = Notification.objects.filter(kind=Kind.MENTION)
    assert list(told.values_list("user__username", flat=True)) == ["ada"]


def test_a_name_that_was_there_is_told_once_however_soon_it_is_edited(ticket, alice, moira, ada):
    said = services.post_message(ticket.public_id, moira, "@ada should look")
    services.edit_message(ticket.public_id, said.pk, moira, "@ada should look now")
    tell_waiting()
    assert Notification.objects.filter(kind=Kind.MENTION, user=ada).count() == 1
