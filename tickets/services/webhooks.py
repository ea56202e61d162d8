"""Who outside is told what happens in tickets: admins decide."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from hazesite import outbound, ratelimits
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import publish
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue
from tickets.errors import TooManyWebhooks
from tickets.events import WebhookChanged
from tickets.models import Webhook
from tickets.models.webhooks import new_secret

MAX_WEBHOOKS = 20
TESTS_PER_USER = "10/m"


def webhooks(actor: User) -> QuerySet[Webhook]:
    if not actor.is_admin:
        raise NotAllowed
    return Webhook.objects.select_related("created_by")


def read_webhook(actor: User, webhook_id: str) -> Webhook:
    """Raises `NotFound`."""
    known = webhook_id.isascii() and webhook_id.isdigit() and len(webhook_id) < 19
    webhook = webhooks(actor).filter(pk=int(webhook_id)).first() if known else None
    if webhook is None:
        raise NotFound
    return webhook


def save_webhook(actor: User, changes: dict[str, Any], webhook_id: str | None = None) -> Webhook:
    """A new one, or with an id the changed one. Looks the address up, so never inside a transaction.

    Raises `NotFound`, `AddressRefused`, `TooManyWebhooks`.
    """
    webhook = None if webhook_id is None else read_webhook(actor, webhook_id)
    if "url" in changes:
        outbound.check_address(changes["url"])
    return store_webhook(actor, changes, webhook)


@transaction.atomic
def store_webhook(actor: User, changes: dict[str, Any], webhook: Webhook | None = None) -> Webhook:
    """For a caller that had the address judged already. Switched on again, it starts without a past.

    Only what is changed is written: the secret may have been renewed, or the webhook disabled, meanwhile.
    """
    if webhook is None:
        if webhooks(actor).count() >= MAX_WEBHOOKS:
            raise TooManyWebhooks
        webhook = Webhook(created_by=actor)
    elif not actor.is_admin:
        raise NotAllowed
    # As stored: the admin's form has put the new values into the object already.
    before = Webhook.objects.filter(pk=webhook.pk).values(*changes).first() if webhook.pk else None
    told, changes = dict(changes), _with_a_fresh_start(changes)
    for field, value in changes.items():
        setattr(webhook, field, value)
    webhook.save(update_fields=None if before is None else list(changes))
    publish(WebhookChanged(webhook.pk, actor.pk, "added" if before is None else "changed", before, told))
    return webhook


def _with_a_fresh_start(changes: dict[str, Any]) -> dict[str, Any]:
    changes = dict(changes)
    if changes.get("enabled") or "url" in changes:
        changes["failing_since"] = None
    if changes.get("enabled"):
        changes["disabled_reason"] = ""
    return changes


@transaction.atomic
def renew_secret(actor: User, webhook_id: str) -> Webhook:
    """The old secret is void at once, for what waits to be sent too."""
    webhook = read_webhook(actor, webhook_id)
    webhook.secret = new_secret()
    webhook.save(update_fields=["secret"])
    publish(WebhookChanged(webhook.pk, actor.pk, "secret_renewed"))
    return webhook


@transaction.atomic
def delete_webhook(actor: User, webhook_id: str) -> None:
    """What waits to be sent to it is retracted when its turn comes."""
    webhook = read_webhook(actor, webhook_id)
    key, facts = webhook.pk, {"name": webhook.name, "url": webhook.url}
    webhook.delete()
    publish(WebhookChanged(key, actor.pk, "deleted", before=facts))


def test_webhook(actor: User, webhook_id: str) -> Delivery:
    """Queue a request of type `test`; to a disabled one too. How it went is in its deliveries."""
    webhook = read_webhook(actor, webhook_id)
    ratelimits.spend("webhook-tests", actor.pk, TESTS_PER_USER)
    thing = f"test:{uuid.uuid4().hex}"
    test = Delivery(transport="webhook", target=str(webhook.pk), thing=thing, payload={"test": True})
    with transaction.atomic():
        queue([test])
    return Delivery.objects.get(transport="webhook", thing=thing)


def deliveries_of(actor: User, webhook_id: str) -> QuerySet[Delivery]:
    """What was sent to it, or is to be, of the last days."""
    webhook = read_webhook(actor, webhook_id)
    return Delivery.objects.filter(transport="webhook", target=str(webhook.pk))
