from __future__ import annotations

import re
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Admin
from accounts.viewsets import RoleViewSet, allow
from botconfig.fields import channel
from hazesite.api import Keyset, PageQuery, parsed
from hazesite.errors import NotFound, Unfit
from hazesite.fields import Nonce, Strict, Text
from hazesite.schema import refusals
from notifications.errors import NoSuchChannel
from notifications.models import Broadcast
from notifications.services import broadcasts as services
from tickets.errors import NonceReused
from tickets.views.requests import IDEMPOTENCY_KEY, nonce_of


class BroadcastIn(Strict):
    title = Text(max_length=100)
    message = Text(max_length=2000)
    priority = serializers.ChoiceField(
        Broadcast.Priority.choices,
        default=Broadcast.Priority.NORMAL,
        help_text="`low` rings nowhere, `high` rings in quiet hours, too.",
    )
    channel_id = channel("A text channel in Discord where it is said, too.")
    client_nonce = Nonce()


class AnnouncedOut(serializers.Serializer[object]):
    success = serializers.BooleanField()
    broadcast_id = serializers.IntegerField()
    recipients = serializers.IntegerField(help_text="Everybody who may sign in, but the caller.")


class PreviewOut(serializers.Serializer[object]):
    title = serializers.CharField()
    message = serializers.CharField()
    priority = serializers.CharField()
    recipients = serializers.IntegerField()
    devices = serializers.IntegerField(help_text="Where it may ring, before anybody's preferences.")


class BroadcastOut(serializers.Serializer[object]):
    broadcast_id = serializers.IntegerField()
    title = serializers.CharField()
    message = serializers.CharField()
    priority = serializers.CharField()
    channel_id = serializers.CharField(allow_null=True)
    author = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    recipients = serializers.IntegerField()
    told = serializers.IntegerField(help_text="How many have it in their history by now.")
    done = serializers.BooleanField()


class ProgressOut(BroadcastOut):
    delivered = serializers.IntegerField(help_text="Pushes that FCM has taken.")
    failed = serializers.IntegerField(help_text="Pushes that were given up.")
    waiting = serializers.IntegerField(help_text="Pushes still to be sent.")
    discord = serializers.CharField(help_text="State of the post in the channel; empty when none was wanted.")


class BroadcastsOut(serializers.Serializer[object]):
    broadcasts = BroadcastOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


NEWS = [
    OpenApiExample(
        "news",
        {"title": "Movie night", "message": "Friday at nine, in the lounge.", "priority": "low"},
        request_only=True,
    ),
    OpenApiExample(
        "under way",
        {"success": True, "broadcast_id": 3, "recipients": 412},
        response_only=True,
        status_codes=["202"],
    ),
]


class BroadcastViews(RoleViewSet):
    """Telling everybody something: admins alone."""

    request: MemberRequest

    @allow(Admin)
    @extend_schema(
        examples=NEWS,
        parameters=[IDEMPOTENCY_KEY],
        request=BroadcastIn,
        responses={202: AnnouncedOut, **refusals(400, 401, 403, NoSuchChannel, NonceReused, Unfit)},
    )
    def announce(self, request: MemberRequest) -> Response:
        """Tell everybody: in their history, on their devices as they wish, in a channel if one is given."""
        body = parsed(BroadcastIn, request.data)
        nonce = nonce_of(request.headers, body.pop("client_nonce"))
        made = services.announce(request.user, **(body | _channel(body)), nonce=nonce)
        answer = {"success": True, "broadcast_id": made.pk, "recipients": made.recipients}
        return Response(answer, status=202)

    @allow(Admin)
    @extend_schema(
        examples=NEWS[:1],
        request=BroadcastIn,
        responses={200: PreviewOut, **refusals(400, 401, 403, NoSuchChannel)},
    )
    def preview(self, request: MemberRequest) -> Response:
        """What it would say and how many it would reach; nothing is sent."""
        body = parsed(BroadcastIn, request.data)
        reach = services.reach(request.user, **_channel(body))
        said = {name: body[name] for name in ("title", "message", "priority")}
        return Response(said | {"recipients": reach.recipients, "devices": reach.devices})

    @allow(Admin)
    @extend_schema(parameters=[PageQuery], responses={200: BroadcastsOut, **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """What was announced, newest first."""
        query = parsed(PageQuery, request.query_params.dict())
        rows = Keyset(services.broadcasts().select_related("author"), "created_at")
        page, cursor = rows.page(query["limit"], query["cursor"])
        return Response({"broadcasts": [_broadcast(one) for one in page], "next_cursor": cursor})

    @allow(Admin)
    @extend_schema(responses={200: ProgressOut, **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, broadcast_id: str) -> Response:
        """How far it is."""
        found = services.progress(_key(broadcast_id))
        counts = {name: getattr(found, name) for name in ("delivered", "failed", "waiting", "discord")}
        return Response(_broadcast(found.broadcast) | counts)


def _key(broadcast_id: str) -> int:
    found = re.fullmatch(r"[1-9]\d{0,17}", broadcast_id)
    if found is None:
        raise NotFound
    return int(found[0])


def _channel(body: dict[str, Any]) -> dict[str, int | None]:
    return {"channel_id": int(body["channel_id"]) if body["channel_id"] else None}


def _broadcast(one: Broadcast) -> dict[str, Any]:
    return {
        "broadcast_id": one.pk,
        "title": one.title,
        "message": one.message,
        "priority": one.priority,
        "channel_id": str(one.channel_id) if one.channel_id else None,
        "author": one.author.username if one.author else None,
        "created_at": one.created_at,
        "recipients": one.recipients,
        "told": one.told,
        "done": one.done_at is not None,
    }
