"""Whatever can happen to a ticket, as the state machine does it. A new verb of theirs gets its row.

Each action is one function: `world`, who does it, and a number to choose details by. It may be refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from tickets import services
from tickets.models import Message, Ticket, TicketEvent
from tickets.services.attachments import attach_files

Kind = TicketEvent.Type
TAGS = ("printer", "cable", "again")
PRIORITIES = ("low", "normal", "high", "urgent")


@dataclass
class World:
    """The people and the tickets of one example; what happens, happens to the first ticket."""

    owner: User
    staff: tuple[User, ...]
    tickets: list[str]

    @property
    def id(self) -> str:
        return self.tickets[0]

    @property
    def ticket(self) -> Ticket:
        return Ticket.objects.get(public_id=self.id)

    def message(self, chance: int) -> int:
        """The key of one of its messages, deleted ones too: one may try."""
        keys = list(
            Message.objects.filter(ticket__public_id=self.id).order_by("pk").values_list("pk", flat=True)
        )
        return int(keys[chance % len(keys)])

    def colleague(self, chance: int) -> str:
        return self.staff[chance % len(self.staff)].user_id


Act = Callable[[World, User, int], object]


class Action(NamedTuple):
    act: Act
    leads_to: frozenset[str]


ACTIONS: dict[str, Action] = {}


def action(*leads_to: str) -> Callable[[Act], Act]:
    """`leads_to`: the steps it may add to the stream."""

    def register(act: Act) -> Act:
        ACTIONS[act.__name__] = Action(act, frozenset(leads_to))
        return act

    return register


@action(Kind.MESSAGE, Kind.WOKEN)
def speak(world: World, who: User, chance: int) -> object:
    return services.post_message(world.id, who, f"said {chance} to @moira", nonce=f"{who.pk}-{chance % 40}")


@action(Kind.MESSAGE)
def note(world: World, who: User, chance: int) -> object:
    return services.add_note(world.id, who, f"noted {chance}")


@action(Kind.MESSAGE, Kind.WOKEN)
def attach(world: World, who: User, chance: int) -> object:
    file = SimpleUploadedFile(f"log {chance % 9}.txt", f"line {chance % 9}\n".encode())
    return attach_files(world.id, who, [file], "", is_note=who.is_staff and chance % 2 == 0)


@action(Kind.EDITED)
def edit(world: World, who: User, chance: int) -> object:
    return services.edit_message(world.id, world.message(chance), who, f"edited {chance % 7}")


@action(Kind.DELETED_MESSAGE)
def delete_message(world: World, who: User, chance: int) -> object:
    return services.delete_message(world.id, world.message(chance), who)


@action(Kind.CLAIMED)
def claim(world: World, who: User, _chance: int) -> object:
    return services.claim_ticket(world.id, who)


@action(Kind.UNCLAIMED)
def unclaim(world: World, who: User, _chance: int) -> object:
    return services.unclaim_ticket(world.id, who)


@action(Kind.ASSIGNED)
def assign(world: World, who: User, chance: int) -> object:
    return services.assign_ticket(world.id, who, world.colleague(chance) if chance % 3 else None)


@action(Kind.TRANSFERRED, Kind.MESSAGE)
def transfer(world: World, who: User, chance: int) -> object:
    return services.transfer_ticket(world.id, who, world.colleague(chance), "yours" if chance % 2 else "")


@action(Kind.CLOSED, Kind.MESSAGE, Kind.WOKEN)
def close(world: World, who: User, chance: int) -> object:
    return services.close_ticket(world.id, who, "closing words" if chance % 2 else "")


@action(Kind.REOPENED)
def reopen(world: World, who: User, _chance: int) -> object:
    return services.reopen_ticket(world.id, who)


@action(Kind.UPDATED)
def update(world: World, who: User, chance: int) -> object:
    changes = {"priority": PRIORITIES[chance % 4], "type": ("support", "bug")[chance % 2]}
    tags = {"tags": list(TAGS[: chance % 4])} if chance % 3 else {}
    return services.update_ticket(world.id, who, changes | tags)


@action(Kind.SNOOZED)
def snooze(world: World, who: User, chance: int) -> object:
    return services.snooze_ticket(world.id, who, timezone.now() + timedelta(hours=1 + chance % 9))


@action(Kind.WOKEN)
def wake(world: World, who: User, _chance: int) -> object:
    return services.wake_ticket(world.id, who)


@action(Kind.MERGED, Kind.WOKEN)
def merge(world: World, who: User, chance: int) -> object:
    """Either way round, with another ticket of the same owner; rarely, because it is the end of one."""
    if chance % 4:
        return None
    other = services.open_ticket(world.owner, "The same again", "It is the same thing once more.")
    pair = (world.id, other.public_id) if chance % 8 else (other.public_id, world.id)
    return services.merge_tickets(*pair, who)


@action(Kind.RATED)
def rate(world: World, who: User, chance: int) -> object:
    return services.rate_ticket(world.id, who, 1 + chance % 5)


@action()
def mark_read(world: World, who: User, chance: int) -> object:
    return services.mark_read(world.id, who, chance % 30 if chance % 2 else None)


@action(Kind.REMINDED, Kind.CLOSED, Kind.WOKEN, Kind.OVERDUE)
def time_passes(world: World, _who: User, chance: int) -> object:
    """Everything about it is older by some hours than it was."""
    by = timedelta(hours=(1, 30, 200)[chance % 3])
    moments = ("quiet_since", "reminded_at", "first_answer_due_at", "resolution_due_at")
    rows = Ticket.objects.filter(public_id=world.id)
    rows.update(**{name: F(name) - by for name in moments})
    # Clients know until when it sleeps: that moment comes, or stays where it is.
    rows.filter(snoozed_until__lte=timezone.now() + by).update(snoozed_until=F("snoozed_until") - by)
    return services.watch_tickets()


@action(Kind.CREATED, Kind.MESSAGE)
def open_another(world: World, _who: User, _chance: int) -> object:
    """From here on things happen to that one."""
    opened = services.open_ticket(world.owner, "Another one", "Something else does not work.")
    world.tickets.insert(0, opened.public_id)
    return opened


@action(Kind.DELETED)
def delete_ticket(world: World, who: User, chance: int) -> object:
    """Rarely: it is the end of the ticket."""
    return services.delete_ticket(world.id, who) if chance % 5 == 0 else None
