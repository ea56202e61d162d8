"""What the API takes and gives about webhooks."""

from __future__ import annotations

from rest_framework import serializers

from hazesite.fields import Flag, Strict, Text
from hazesite.outgoing.models import Delivery
from tickets.models import TicketEvent
from tickets.serializers import Input


class WebhookIn(Strict):
    name = Text(max_length=100)
    url = Text(max_length=500, help_text="http or https, on the internet.")
    event_types = serializers.ListField(
        child=serializers.ChoiceField(TicketEvent.Type.choices),
        required=False,
        max_length=len(TicketEvent.Type),
        help_text="Empty: all.",
    )
    include_internal = Flag(
        required=False, help_text="Notes, and all else the owner of a ticket does not see."
    )
    enabled = Flag(required=False)


class WebhookChangeIn(WebhookIn):
    new_secret = Flag(required=False, help_text="True: a new one is made and given once; the old is void.")


class WebhookOut(Input):
    id = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.ChoiceField(TicketEvent.Type.choices))
    include_internal = serializers.BooleanField()
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(allow_blank=True)
    failing_since = serializers.DateTimeField(allow_null=True, help_text="Nothing has arrived since then.")
    created_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class WebhookWithSecretOut(WebhookOut):
    secret = serializers.CharField(required=False, help_text="Only in the answer that made it.")


class WebhooksOut(Input):
    webhooks = WebhookOut(many=True)


class DeliveryOut(Input):
    id = serializers.CharField()
    webhook_id = serializers.CharField(help_text="The header `webhook-id` of the request.")
    state = serializers.ChoiceField(Delivery.State.choices)
    attempts = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True, help_text="Why it did not arrive (yet).")
    created_at = serializers.DateTimeField()
    next_try_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)


class DeliveriesOut(Input):
    deliveries = DeliveryOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class TestOut(Input):
    success = serializers.BooleanField()
    delivery = DeliveryOut()
