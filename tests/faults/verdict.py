"""What must hold when everything is quiet again."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.clients import Inbox
from tests.faults.crowd import Crowd
from tests.faults.devices import Device
from tests.faults.ledger import CLOSING, DESCRIPTION, Entry
from tests.faults.truth import Said, Step, Truth

EVENTS = {
    "claim": "ticket_claimed",
    "unclaim": "ticket_unclaimed",
    "assign": "ticket_assigned",
    "close": "ticket_closed",
    "reopen": "ticket_reopened",
}


def verdict(crowd: Crowd, truth: Truth) -> Iterator[str]:
    """A sentence for each promise that was broken."""
    tickets = crowd.around.tickets
    steps = {ticket: truth.steps(ticket) for ticket in tickets}
    messages = {ticket: truth.messages(ticket) for ticket in tickets}
    for ticket in tickets:
        yield from stream_is_whole(truth, ticket, steps[ticket], messages[ticket])
    stored = {row.nonce: row for rows in messages.values() for row in rows if row.nonce}
    yield from everything_said_is_stored(crowd, messages, stored)
    yield from deeds_are_stored(crowd, steps)
    yield from openings_are_stored(crowd, truth)
    for device in crowd.devices.values():
        for ticket in device.screens if not isinstance(device, Inbox) else ():
            yield from screen_is_right(device, ticket, steps[ticket], messages[ticket])


def stream_is_whole(truth: Truth, ticket: str, steps: list[Step], messages: list[Said]) -> Iterator[str]:
    if [step.seq for step in steps] != list(range(1, len(steps) + 1)):
        yield f"the stream of {ticket} has gaps or doubles: {[step.seq for step in steps]}"
    public = 0
    for step in steps:
        if step.previous_public != public:
            yield f"step {step.seq} of {ticket} follows {step.previous_public} for its owner, not {public}"
        public = public if step.internal else step.seq
    there = [message for message in messages if not message.deleted]
    counted = (
        len(steps),
        public,
        sum(not message.note for message in there),
        sum(message.note for message in there),
    )
    if truth.counts(ticket) != counted:
        yield f"{ticket} says {truth.counts(ticket)} of itself, and its rows say {counted}"
    for seq, read, notes in truth.marks(ticket):
        before = [message for message in there if message.seq <= seq]
        expected = (sum(not message.note for message in before), sum(message.note for message in before))
        if (read, notes) != expected:
            yield f"a mark at {seq} of {ticket} counts {read} and {notes}, not {expected}"


def everything_said_is_stored(
    crowd: Crowd, messages: dict[str, list[Said]], stored: dict[str, Said]
) -> Iterator[str]:
    nonces = [row.nonce for rows in messages.values() for row in rows if row.nonce]
    if len(nonces) != len(stored):
        yield f"stored twice: {sorted(nonce for nonce in set(nonces) if nonces.count(nonce) > 1)}"
    strange = [row for rows in messages.values() for row in rows if not is_known(row)]
    if strange:
        yield f"stored, and said by nobody: {strange}"
    for entry in crowd.around.ledger.acknowledged:
        yield from entry_is_stored(entry, stored.get(entry.nonce))
    yield from words_are_in_order(crowd, messages)


def words_are_in_order(crowd: Crowd, messages: dict[str, list[Said]]) -> Iterator[str]:
    """Of the acknowledged ones: one that was refused and given up may still arrive late, a second time."""
    said = {entry.nonce: entry for entry in crowd.around.ledger.acknowledged}
    for ticket, rows in messages.items():
        for name in crowd.devices:
            known = [said[row.nonce] for row in rows if row.nonce in said]
            numbers = [entry.number for entry in known if entry.device == name]
            if numbers != sorted(numbers):
                yield f"{name}'s messages are in another order in {ticket}: {numbers}"


def is_known(row: Said) -> bool:
    return row.nonce is not None or row.content in (DESCRIPTION, CLOSING)


def entry_is_stored(entry: Entry, row: Said | None) -> Iterator[str]:
    if row is None:
        yield f"acknowledged and lost: {entry}"
    elif (f"msg_{row.id}", row.author, row.note) != (entry.message_id, entry.author, entry.note):
        yield f"acknowledged and stored as another: {entry} as {row}"
    elif row.content not in entry.texts:
        yield f"acknowledged with another text: {entry} as {row}"
    elif (row.deleted and not entry.deleting) or (entry.deleted and not row.deleted):
        yield f"deleted by nobody, or not deleted: {entry} as {row}"


def deeds_are_stored(crowd: Crowd, steps: dict[str, list[Step]]) -> Iterator[str]:
    kinds = [step.kind for rows in steps.values() for step in rows]
    for verb, deed in crowd.deeds.items():
        found = kinds.count(EVENTS[verb])
        if not deed.acknowledged <= found <= deed.asked:
            yield f"{verb}: asked {deed.asked}, acknowledged {deed.acknowledged}, in the stream {found}"


def openings_are_stored(crowd: Crowd, truth: Truth) -> Iterator[str]:
    found = truth.opened()
    if len({nonce for nonce, *_ in found}) != len(found):
        yield f"opened twice: {found}"
    ids = {nonce: ticket for nonce, _, ticket in found}
    for nonce, ticket in crowd.around.ledger.opened.items():
        if ids.get(nonce) != ticket:
            yield f"the ticket {nonce} was acknowledged as {ticket} and is {ids.get(nonce)}"


def screen_is_right(device: Device, ticket: str, steps: list[Step], messages: list[Said]) -> Iterator[str]:
    screen, staff = device.screens[ticket], device.is_staff
    expected = [
        (step.seq - 1 if staff else step.previous_public, step.seq, step.kind)
        for step in steps
        if staff or not step.internal
    ]
    if device.person == "mallory":
        expected, messages = [], []
    if screen.steps != expected:
        wrong = next(
            (pair for pair in zip(screen.steps, expected, strict=False) if pair[0] != pair[1]), "the end"
        )
        yield f"{device.name} shows another stream of {ticket}, from {wrong}"
    texts = {f"msg_{row.id}": row.content for row in messages if not row.deleted and (staff or not row.note)}
    if screen.texts != texts:
        yield f"{device.name} shows other texts in {ticket}: {set(screen.texts.items()) ^ set(texts.items())}"
