from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.http import MemberRequest
from accounts.permissions import Admin
from hazesite.api import Keyset, PageQuery, parsed
from hazesite.outbound import AddressRefused
from hazesite.outgoing.models import Delivery
from hazesite.schema import refusals
from tickets import services
from tickets import webhook_serializers as w
from tickets.errors import TooManyWebhooks
from tickets.models import Webhook
from tickets.rendering import person_id
from tickets.serializers import SuccessOut


class WebhookViews(ViewSet):
    """Who outside is told what happens in tickets: for admins alone."""

    request: MemberRequest
    permission_classes = [Admin]

    @extend_schema(responses={200: w.WebhooksOut, **refusals(401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """All of them, by name. Never with their secrets."""
        return Response({"webhooks": [_webhook(row) for row in services.webhooks(request.user)]})

    @extend_schema(
        request=w.WebhookIn,
        responses={201: w.WebhookWithSecretOut, **refusals(400, 401, 403, AddressRefused, TooManyWebhooks)},
    )
    def add(self, request: MemberRequest) -> Response:
        """A new one; the answer has its secret, this once."""
        webhook = services.save_webhook(request.user, parsed(w.WebhookIn, request.data))
        return Response(_webhook(webhook) | {"secret": webhook.secret}, status=201)

    @extend_schema(responses={200: w.WebhookOut, **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, webhook_id: str) -> Response:
        """One of them, and how it fares."""
        return Response(_webhook(services.read_webhook(request.user, webhook_id)))

    @extend_schema(
        request=w.WebhookChangeIn(partial=True),
        responses={200: w.WebhookWithSecretOut, **refusals(400, 401, 403, 404, AddressRefused)},
    )
    def change(self, request: MemberRequest, webhook_id: str) -> Response:
        """Change some fields; absent ones stay. Enabling clears why it was disabled."""
        form = w.WebhookChangeIn(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        renewed = changes.pop("new_secret", False)
        webhook = services.save_webhook(request.user, changes, webhook_id)
        if not renewed:
            return Response(_webhook(webhook))
        webhook = services.renew_secret(request.user, webhook_id)
        return Response(_webhook(webhook) | {"secret": webhook.secret})

    @extend_schema(request=None, responses={200: SuccessOut, **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, webhook_id: str) -> Response:
        """What waits to be sent to it is not sent."""
        services.delete_webhook(request.user, webhook_id)
        return Response({"success": True, "message": "Webhook deleted"})

    @extend_schema(request=None, responses={202: w.TestOut, **refusals(401, 403, 404, 429)})
    def send_test(self, request: MemberRequest, webhook_id: str) -> Response:
        """Queue a request of type `test`. How it went is in the deliveries a moment later."""
        delivery = services.test_webhook(request.user, webhook_id)
        return Response({"success": True, "delivery": _delivery(delivery)}, status=202)

    @extend_schema(parameters=[PageQuery], responses={200: w.DeliveriesOut, **refusals(400, 401, 403, 404)})
    def deliveries(self, request: MemberRequest, webhook_id: str) -> Response:
        """What was sent to it or is to be, newest first. Sent ones are kept for seven days."""
        query = parsed(PageQuery, request.query_params.dict())
        rows = services.deliveries_of(request.user, webhook_id)
        page, cursor = Keyset(rows, "created_at").page(query["limit"], query["cursor"])
        return Response({"deliveries": [_delivery(row) for row in page], "next_cursor": cursor})


def _webhook(webhook: Webhook) -> dict[str, Any]:
    names = ("name", "url", "event_types", "include_internal", "enabled", "disabled_reason", "failing_since")
    shown = {name: getattr(webhook, name) for name in (*names, "created_at")}
    return shown | {"id": str(webhook.pk), "created_by": person_id(webhook.created_by)}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    names = ("state", "attempts", "reason", "created_at", "next_try_at", "sent_at")
    shown = {name: getattr(delivery, name) for name in names}
    return shown | {"id": str(delivery.pk), "webhook_id": delivery.thing}
