from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Admin
from accounts.serializers import DoneOut
from accounts.viewsets import RoleViewSet, allow
from community.errors import SourceDown, SourceFailed
from community.rocketleague import checking, services
from community.rocketleague import serializers as s
from community.rocketleague.errors import (
    AccountTaken,
    NothingLinked,
    RanksNotConfigured,
    UnknownCheck,
    UnknownPlayer,
)
from community.rocketleague.models import Platform
from community.waiting import answer_when_known
from hazesite.api import parsed
from hazesite.errors import Unfit
from hazesite.schema import refusals

PLATFORM = OpenApiParameter("platform", str, OpenApiParameter.PATH, enum=Platform.values)


class PlayerViews(RoleViewSet):
    request: MemberRequest

    @extend_schema(
        parameters=[PLATFORM],
        responses={
            200: s.PlayerOut,
            **refusals(
                400, 401, 403, UnknownPlayer, Unfit, 429, RanksNotConfigured, SourceFailed, SourceDown
            ),
        },
    )
    def stats(self, request: MemberRequest, platform: str, username: str) -> Response:
        """A player's ranks in this season.

        While the source is down the last known ones are given; `source` of a refusal names it.
        """
        player = parsed(s.PlayerIn, {"platform": platform, "username": username})
        services.refuse_hurry(request.user)
        since, names = timezone.now(), (player["platform"], player["username"])
        return answer_when_known(request, lambda: services.stats(*names, since), services.too_late())

    @extend_schema(responses={200: s.LinkOut, **refusals(401, 403, NothingLinked)})
    def linked(self, request: MemberRequest) -> Response:
        """The caller's own account, with its ranks as of the last check."""
        return Response(s.LinkOut(services.linked(request.user)).data)

    @extend_schema(
        request=s.PlayerIn, responses={200: s.LinkOut, **refusals(400, 401, 403, AccountTaken, Unfit, 429)}
    )
    def link(self, request: MemberRequest) -> Response:
        """This player is the caller, in place of what they linked before. Ranks follow in a moment."""
        body = parsed(s.PlayerIn, request.data)
        return Response(s.LinkOut(services.link(request.user, body["platform"], body["username"])).data)

    @extend_schema(request=None, responses={200: DoneOut, **refusals(401, 403, NothingLinked)})
    def unlink(self, request: MemberRequest) -> Response:
        """The caller has no account any more."""
        services.unlink(request.user)
        return Response({"success": True, "message": "Account unlinked"})


class CheckViews(RoleViewSet):
    request: MemberRequest

    @allow(Admin)
    @extend_schema(
        request=None, responses={202: s.RankCheckStartedOut, **refusals(401, 403, RanksNotConfigured)}
    )
    def begin(self, request: MemberRequest) -> Response:
        """Read the ranks of all linked accounts, in the background. One that is running is answered."""
        return Response(s.RankCheckStartedOut(checking.begin_check(request.user)).data, status=202)

    @allow(Admin)
    @extend_schema(responses={200: s.RankCheckOut, **refusals(401, 403, UnknownCheck)})
    def last(self, request: MemberRequest) -> Response:
        """How far the last check is."""
        return Response(s.RankCheckOut(checking.check_of()).data)

    @allow(Admin)
    @extend_schema(
        parameters=[OpenApiParameter("check_id", int, OpenApiParameter.PATH)],
        responses={200: s.RankCheckOut, **refusals(401, 403, UnknownCheck)},
    )
    def one(self, request: MemberRequest, check_id: str) -> Response:
        """How far a check is."""
        if not (check_id.isascii() and check_id.isdigit() and len(check_id) < 19):
            raise UnknownCheck
        return Response(s.RankCheckOut(checking.check_of(int(check_id))).data)
