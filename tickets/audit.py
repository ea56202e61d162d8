"""What staff do with tickets, for the audit log. What is said in one is in its stream, and only there."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from hazesite.audit.services import PERSON, person_ref, record
from hazesite.events import subscribe
from tickets.events import BlockChanged, CannedReplyChanged, TicketMoved, WebhookChanged
from tickets.models import Message, Ticket, TicketEvent

Type = TicketEvent.Type
SAID = frozenset([Type.MESSAGE, Type.EDITED, Type.CREATED, Type.RATED])
WATCHED = ("status", "priority", "type", "claimed_by", "assigned_to", "snoozed_until", "merged_into")
PEOPLE = ("claimed_by", "assigned_to")


def snapshot(ticket: Ticket) -> dict[str, Any]:
    """What an entry may tell of a ticket, of its columns alone."""
    found: dict[str, Any] = {name: getattr(ticket, name) for name in WATCHED[:3]}
    for name in PEOPLE:
        found[name] = person_ref(getattr(ticket, f"{name}_id"))
    found["snoozed_until"] = ticket.snoozed_until and ticket.snoozed_until.isoformat()
    found["merged_into"] = ticket.merged_into_id
    return found


@subscribe(TicketMoved)
def ticket_moved(moved: TicketMoved) -> None:
    """Nothing at all for a message."""
    if moved.kind in SAID or not moved.by_staff:
        return
    event = TicketEvent.objects.select_related("ticket", "message").get(pk=moved.event_id)
    if event.message is not None:
        _message_deleted(event, event.message)
        return
    before, after = dict(moved.before), snapshot(event.ticket)
    if "tags" in event.facts:
        after["tags"] = event.facts["tags"]
    before, after = _differing(before, after)
    verb = "ticket." + moved.kind.removeprefix("ticket_")
    record(verb, "ticket", event.ticket.public_id, actor_id=moved.actor_id, before=before, after=after)


def _differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name in after if name not in before or before[name] != after[name]]
    return {name: before[name] for name in names if name in before}, {name: after[name] for name in names}


def _message_deleted(event: TicketEvent, message: Message) -> None:
    """One's own is no deed of staff."""
    if message.author_id != event.actor_id:
        facts = {"message": message.public_id, "author": person_ref(message.author_id)}
        where = event.ticket.public_id
        record("ticket.message_deleted", "ticket", where, actor_id=event.actor_id, before=facts)


@subscribe(BlockChanged)
def block_changed(changed: BlockChanged) -> None:
    verb = "ticket_block.set" if changed.blocked else "ticket_block.lifted"
    after = {"until": changed.until} if changed.blocked else None
    record(verb, PERSON, changed.user_id, actor_id=changed.actor_id, after=after)


@subscribe(CannedReplyChanged)
def canned_reply_changed(changed: CannedReplyChanged) -> None:
    facts = {"fields": sorted(changed.fields)} if changed.fields else None
    record(
        f"canned_reply.{changed.step}", "canned_reply", changed.name, actor_id=changed.actor_id, after=facts
    )


@subscribe(WebhookChanged)
def webhook_changed(changed: WebhookChanged) -> None:
    verb = f"webhook.{changed.step}"
    before, after = _of_webhook(changed.before), _of_webhook(changed.after)
    record(verb, "webhook", changed.webhook_id, actor_id=changed.actor_id, before=before, after=after)


def _of_webhook(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of an address only the host: what follows it may be as good as a password."""
    if not facts or "url" not in facts:
        return facts
    return {**facts, "url": urlsplit(facts["url"]).hostname}
