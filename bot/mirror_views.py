from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Staff
from accounts.viewsets import RoleViewSet, allow
from bot.states import FAILED, QUEUED, SENT, mirror_state
from hazesite.schema import refusals


class MirroredMessageOut(serializers.Serializer[object]):
    id = serializers.CharField()
    state = serializers.ChoiceField([QUEUED, SENT, FAILED])
    error = serializers.CharField()
    next_try = serializers.DateTimeField(allow_null=True)


class MirrorOut(serializers.Serializer[object]):
    place = serializers.ChoiceField(["channel", "thread"], allow_null=True)
    channel_id = serializers.CharField(allow_null=True)
    behind = serializers.IntegerField(help_text="Steps of the ticket that Discord has not been told yet.")
    behind_since = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(help_text="Why the last attempt did not succeed.")
    next_try = serializers.DateTimeField(allow_null=True)
    messages = MirroredMessageOut(many=True)


class MirrorViews(RoleViewSet):
    """Where a ticket is in Discord."""

    request: MemberRequest

    @allow(Staff)
    @extend_schema(responses={200: MirrorOut, **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, ticket_id: str) -> Response:
        """Its channel, and of each message whether it has arrived there."""
        return Response(MirrorOut(mirror_state(ticket_id, request.user)).data)
