"""Sends what happens in tickets to webhooks, signed as https://www.standardwebhooks.com says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hazesite import outbound
from hazesite.alerts import alert_staff, desk_page
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import (
    GiveUp,
    Outcome,
    Ready,
    Retract,
    Retry,
    Sent,
    Settled,
    Transport,
    Verdict,
)
from hazesite.signatures import signed
from tickets.models import Ticket, TicketEvent, Webhook
from tickets.models.webhooks import GIVE_UP_AFTER
from tickets.rendering import event_json, summary_json

logger = structlog.get_logger(__name__)
GONE = "The receiver answered 410 Gone."


@dataclass(frozen=True)
class Audience:
    """A reader who is nobody in particular."""

    is_staff: bool
    pk: int = 0


@dataclass(frozen=True)
class Letter:
    url: str
    secret: str
    body: str


class WebhookTransport(Transport):
    name = "webhook"

    def check(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        """Four queries: the webhooks, the steps with what they are about, the tickets' tags and people."""
        webhooks = Webhook.objects.in_bulk({int(delivery.target) for delivery in deliveries})
        events = _events(delivery.payload["event"] for delivery in deliveries if "event" in delivery.payload)
        return {
            delivery.pk: _verdict(
                delivery, webhooks.get(int(delivery.target)), events.get(delivery.payload.get("event", 0))
            )
            for delivery in deliveries
        }

    async def send(self, delivery: Delivery, content: Letter, out: httpx.AsyncClient) -> Outcome:
        """Every 2xx is a success. 410 is the end; whatever else is tried again."""
        headers = signed(content.secret, delivery.thing, content.body)
        headers["Content-Type"] = "application/json"
        try:
            answer = await outbound.post(out, content.url, content=content.body.encode(), headers=headers)
        except (outbound.AddressRefused, outbound.TookTooLong) as refused:
            return Retry(str(refused))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Retry(f"{type(error).__name__}: {error}")
        if 200 <= answer.status < 300:
            return Sent()
        if answer.status == 410:
            return GiveUp(GONE)
        return Retry(f"The receiver answered {answer.status}.", outbound.retry_after(answer))

    def settled(self, settled: Settled) -> None:
        """A receiver that is gone, or that took nothing for five days, is not asked any more."""
        gone = {int(delivery.target) for delivery, outcome in settled if outcome == GiveUp(GONE)}
        took = {int(delivery.target) for delivery, outcome in settled if isinstance(outcome, Sent)}
        failed = {int(delivery.target) for delivery, outcome in settled if isinstance(outcome, Retry)} - took
        if gone:
            _disable(gone, GONE)
        if took:
            Webhook.objects.filter(pk__in=took, failing_since__isnull=False).update(failing_since=None)
        if failed:
            _note_failure(failed)


def _note_failure(webhooks: set[int]) -> None:
    now = timezone.now()
    Webhook.objects.filter(pk__in=webhooks, failing_since=None).update(failing_since=now)
    rows = Webhook.objects.filter(pk__in=webhooks, failing_since__lt=now - GIVE_UP_AFTER)
    if tired := set(rows.values_list("pk", flat=True)):
        _disable(tired, "Nothing has arrived for five days.")


def _disable(webhooks: set[int], reason: str) -> None:
    rows = Webhook.objects.filter(pk__in=webhooks, enabled=True)
    with transaction.atomic():
        found = list(rows.select_for_update())
        rows.update(enabled=False, disabled_reason=reason)
        for webhook in found:
            _tell_disabled(webhook, reason)
    if found:
        logger.warning("webhook_disabled", webhooks=sorted(one.pk for one in found), reason=reason)


def _tell_disabled(webhook: Webhook, reason: str) -> None:
    page = desk_page("tickets_webhook_change", webhook.pk)
    text = _("%(reason)s Nothing is sent to it until somebody switches it on again: %(page)s")
    subject = _("A webhook was switched off: %s") % webhook
    key = f"webhook-{webhook.pk}-disabled-{timezone.now():%Y-%m-%d}"
    alert_staff(subject, text % {"reason": reason, "page": page}, key)


def _events(pks: Any) -> dict[int, TicketEvent]:
    rows = TicketEvent.objects.select_related(
        "actor", "message__author", "ticket__owner", "ticket__assigned_to", "ticket__claimed_by",
        "ticket__last_message",
    )  # fmt: skip
    return rows.prefetch_related("ticket__tag_rows").in_bulk(set(pks))


def _verdict(delivery: Delivery, webhook: Webhook | None, event: TicketEvent | None) -> Verdict:
    if webhook is None:
        return Retract("The webhook was deleted.")
    if "test" in delivery.payload:
        body = {"type": "test", "timestamp": delivery.created_at, "data": {}}
        return Ready(Letter(webhook.url, webhook.secret, _json(body)))
    if event is None or (event.ticket.deleted_at and event.type != TicketEvent.Type.DELETED):
        return Retract("The ticket was deleted.")
    if not webhook.enabled:
        return Retract("The webhook is disabled.")
    if not webhook.wants(event.type, internal=event.is_internal):
        return Retract("The webhook does not want it any more.")
    return Ready(Letter(webhook.url, webhook.secret, _json(body_of(event, staff=webhook.include_internal))))


def body_of(event: TicketEvent, *, staff: bool) -> dict[str, Any]:
    """The step, and the ticket and the message as they are now."""
    ticket: Ticket = event.ticket
    summary = summary_json(ticket, Audience(is_staff=staff))
    del summary["unread_count"]  # nobody's
    if ticket.deleted_at:
        summary["last_message"] = ""
    data = {"ticket": summary, "event": event_json(event, staff=staff)}
    return {"type": event.type, "timestamp": event.at, "data": data}


def _json(body: dict[str, Any]) -> str:
    return orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z).decode()
