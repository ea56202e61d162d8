from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.http import MemberRequest
from accounts.permissions import Admin
from accounts.serializers import DoneOut
from botconfig import cogs
from botconfig.errors import BotOffline, BotSlow, CogAlreadyLoaded, CogFailed, CogNotLoaded, UnknownCog
from botconfig.models import BotCommand, Cog, GuildChannel, GuildRole
from hazesite.api import parsed
from hazesite.fields import Strict, Text
from hazesite.later import Answer, answer_later
from hazesite.schema import refusals


class CogIn(Strict):
    cog_name = Text(max_length=50)


class CogOut(serializers.ModelSerializer[Cog]):
    class Meta:
        model = Cog
        fields = ["name", "loaded", "wanted", "error", "changed_at"]


class CogsOut(serializers.Serializer[Any]):
    cogs = CogOut(many=True)


class ChannelOut(serializers.ModelSerializer[GuildChannel]):
    id = serializers.CharField()
    parent_id = serializers.CharField(allow_null=True)

    class Meta:
        model = GuildChannel
        fields = ["id", "name", "kind", "parent_id"]


class GuildRoleOut(serializers.ModelSerializer[GuildRole]):
    id = serializers.CharField()

    class Meta:
        model = GuildRole
        fields = ["id", "name", "color"]


class ChannelsOut(serializers.Serializer[Any]):
    channels = ChannelOut(many=True)


class GuildRolesOut(serializers.Serializer[Any]):
    roles = GuildRoleOut(many=True)


class CogViews(ViewSet):
    """The parts of the running bot: admins alone."""

    request: MemberRequest
    permission_classes = [Admin]

    @extend_schema(responses={200: CogsOut, **refusals(401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """Which there are, and which run."""
        away = cogs.bot_is_away()
        shown = CogOut(cogs.cogs(), many=True).data
        return Response({"cogs": [{**one, "loaded": one["loaded"] and not away} for one in shown]})

    @extend_schema(
        request=CogIn,
        responses={
            200: DoneOut,
            **refusals(400, 401, 403, UnknownCog, CogFailed, CogAlreadyLoaded, BotOffline, BotSlow),
        },
    )
    def load(self, request: MemberRequest) -> Response:
        """Load a part that does not run. The others go on whatever comes of it."""
        return self._ask("load")

    @extend_schema(
        request=CogIn,
        responses={
            200: DoneOut,
            **refusals(400, 401, 403, UnknownCog, CogFailed, CogNotLoaded, BotOffline, BotSlow),
        },
    )
    def unload(self, request: MemberRequest) -> Response:
        """Take a part out of the running bot, also for its next start."""
        return self._ask("unload")

    @extend_schema(
        request=CogIn,
        responses={
            200: DoneOut,
            **refusals(400, 401, 403, UnknownCog, CogFailed, CogNotLoaded, BotOffline, BotSlow),
        },
    )
    def reload(self, request: MemberRequest) -> Response:
        """Read a part anew; the earlier one goes on where that fails."""
        return self._ask("reload")

    def _ask(self, kind: str) -> Response:
        body = parsed(CogIn, self.request.data)
        command = cogs.ask(kind, body, self.request.user)
        seconds = cogs.ANSWER_SECONDS
        return answer_later(self.request, lambda: _answer(command), seconds, BotSlow())


def _answer(command: BotCommand) -> Answer | None:
    found = cogs.answer_to(command)
    if found is None:
        return None
    if found["status"] == 200:
        return 200, {"success": True, "message": found["message"]}
    return found["status"], {"error": found["message"], "code": found["code"]}


class GuildViews(ViewSet):
    """The guild as the bot sees it, for whoever picks a channel or a role."""

    request: MemberRequest
    permission_classes = [Admin]

    @extend_schema(responses={200: ChannelsOut, **refusals(401, 403)})
    def channels(self, request: MemberRequest) -> Response:
        """In the order in which Discord shows them."""
        return Response({"channels": ChannelOut(GuildChannel.objects.all(), many=True).data})

    @extend_schema(responses={200: GuildRolesOut, **refusals(401, 403)})
    def roles(self, request: MemberRequest) -> Response:
        """The highest first."""
        return Response({"roles": GuildRoleOut(GuildRole.objects.all(), many=True).data})
