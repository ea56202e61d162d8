from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.http import MemberRequest
from accounts.permissions import Admin
from bot.stats import stats
from hazesite.schema import refusals


class SiteStatsOut(serializers.Serializer[object]):
    bot_online = serializers.BooleanField()
    bot_uptime = serializers.IntegerField(help_text="Seconds since the bot was connected.")
    bot_latency_ms = serializers.FloatField(allow_null=True, help_text="Of the gateway.")
    total_guilds = serializers.IntegerField()
    total_members = serializers.IntegerField()
    total_tickets = serializers.IntegerField()
    open_tickets = serializers.IntegerField()
    mirrors_behind = serializers.IntegerField(help_text="Tickets Discord has not been told everything of.")
    mirrors_behind_seconds = serializers.FloatField()


class StatsViews(ViewSet):
    request: MemberRequest
    permission_classes = [Admin]

    @extend_schema(responses={200: SiteStatsOut, **refusals(401, 403)})
    def read(self, request: MemberRequest) -> Response:
        """How the bot and the tickets stand."""
        return Response(stats(request.user))
