from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hazesite.events import Event


@dataclass(frozen=True)
class TicketMoved(Event):
    """A ticket's stream got one step: `kind` is its type, `event_id` its row, `internal`: for staff alone.

    `before`: what its columns said, where staff (`by_staff`) changed the ticket.
    """

    type = "ticket.moved"

    ticket_id: int
    event_id: int
    kind: str
    actor_id: int | None
    message_id: int | None
    internal: bool = False
    by_staff: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TicketRead(Event):
    """Somebody has read a ticket up to `seq`, or written in it, which is the same."""

    type = "ticket.read"

    ticket_id: int
    user_id: int
    seq: int


@dataclass(frozen=True)
class BlockChanged(Event):
    """Somebody may open no tickets (until then, or for good), or may again."""

    type = "ticket_block.changed"

    user_id: int
    actor_id: int
    blocked: bool
    until: str | None = None


@dataclass(frozen=True)
class CannedReplyChanged(Event):
    """`step` is `added`, `changed` or `deleted`."""

    type = "canned_reply.changed"

    name: str
    actor_id: int
    step: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class WebhookChanged(Event):
    """`step` is `added`, `changed`, `secret_renewed` or `deleted`; never with the secret."""

    type = "webhook.changed"

    webhook_id: int
    actor_id: int
    step: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
