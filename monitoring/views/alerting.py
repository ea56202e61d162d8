"""Who hears of incidents, who in which order, and when nobody: channels, policies and maintenance windows."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Admin, Watcher
from accounts.viewsets import allow
from hazesite.api import Keyset, parsed
from hazesite.errors import Unfit
from hazesite.outbound import AddressRefused
from monitoring import inputs
from monitoring import serializers as s
from monitoring.paging import LongPageQuery, page_by_name
from monitoring.rendering import channel_json, policy_json, window_json
from monitoring.services import channels, escalations, windows
from monitoring.services.channels import ChannelInUse, NameTaken, TooManyChannels
from monitoring.services.windows import NotARecurrence, WindowCoversNothing
from monitoring.views import examples
from monitoring.views.envelope import (
    EnvelopeViews,
    key_of,
    many,
    nothing,
    one,
    refusals,
    success,
)

CHANNEL = OpenApiParameter("channel_id", int, OpenApiParameter.PATH)
POLICY = OpenApiParameter("policy_id", int, OpenApiParameter.PATH)
WINDOW = OpenApiParameter("window_id", int, OpenApiParameter.PATH)


class ChannelViews(EnvelopeViews):
    """Where alerts go. Of their configs what is secret goes in and never comes out."""

    request: MemberRequest

    @allow(Watcher)
    @extend_schema(
        parameters=[LongPageQuery],
        responses={200: many(s.NotificationChannelOut), **refusals(400, 401, 403)},
        examples=[examples.CHANNELS],
    )
    def list(self, request: MemberRequest) -> Response:
        """All channels, by name."""
        query = parsed(LongPageQuery, request.query_params.dict())
        page, cursor = page_by_name(channels.channels(request.user), **query)
        return success([channel_json(row) for row in page], next_cursor=cursor)

    @allow(Admin)
    @extend_schema(
        request=inputs.NotificationChannelIn,
        responses={
            201: one(s.NotificationChannelOut),
            **refusals(400, 401, 403, NameTaken, TooManyChannels, AddressRefused, Unfit),
        },
        examples=[examples.EMAIL, examples.WEBHOOK, examples.SLACK, examples.DISCORD],
    )
    def add(self, request: MemberRequest) -> Response:
        """A new channel. Its hosts must be on the internet."""
        channel = channels.save_channel(request.user, parsed(inputs.NotificationChannelIn, request.data))
        return success(channel_json(channel), message="Channel created", status=201)

    @allow(Watcher)
    @extend_schema(
        parameters=[CHANNEL], responses={200: one(s.NotificationChannelOut), **refusals(401, 403, 404)}
    )
    def read(self, request: MemberRequest, channel_id: str) -> Response:
        """One of them."""
        return success(channel_json(channels.read_channel(request.user, key_of(channel_id))))

    @allow(Admin)
    @extend_schema(
        parameters=[CHANNEL],
        request=inputs.NotificationChannelChangeIn,
        responses={
            200: one(s.NotificationChannelOut),
            **refusals(400, 401, 403, 404, NameTaken, AddressRefused, Unfit),
        },
    )
    def change(self, request: MemberRequest, channel_id: str) -> Response:
        """Change what is given; `config` as a whole, where `…` keeps a secret as it is."""
        key = key_of(channel_id)
        channels.read_channel(request.user, key)
        body = parsed(inputs.NotificationChannelChangeIn, request.data)
        return success(
            channel_json(channels.save_channel(request.user, body, key)), message="Channel changed"
        )

    @allow(Admin)
    @extend_schema(
        parameters=[CHANNEL],
        request=None,
        responses={200: nothing(), **refusals(401, 403, 404, ChannelInUse)},
    )
    def remove(self, request: MemberRequest, channel_id: str) -> Response:
        """What waits to be sent to it is not sent."""
        channels.delete_channel(request.user, key_of(channel_id))
        return success(None, message="Channel deleted")

    @allow(Admin)
    @extend_schema(
        parameters=[CHANNEL], request=None, responses={200: one(s.TriedOut), **refusals(401, 403, 404, 429)}
    )
    def send_test(self, request: MemberRequest, channel_id: str) -> Response:
        """Send a test now, and say how it went. To one that is switched off too."""
        tried = channels.test_channel(request.user, key_of(channel_id))
        return success(vars(tried), message="Test sent" if tried.ok else "Test failed")


class PolicyViews(EnvelopeViews):
    """Who hears first, and who hears when nobody acknowledges."""

    request: MemberRequest

    @allow(Watcher)
    @extend_schema(parameters=[LongPageQuery], responses={200: many(s.PolicyOut), **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """All escalation policies, by name."""
        query = parsed(LongPageQuery, request.query_params.dict())
        page, cursor = page_by_name(escalations.policies(request.user), **query)
        return success([policy_json(row) for row in page], next_cursor=cursor)

    @allow(Admin)
    @extend_schema(
        request=inputs.PolicyIn,
        responses={201: one(s.PolicyOut), **refusals(400, 401, 403, NameTaken, Unfit)},
        examples=[examples.POLICY],
    )
    def add(self, request: MemberRequest) -> Response:
        """A new policy. Its first step is at once: 0 minutes."""
        policy = escalations.save_policy(request.user, parsed(inputs.PolicyIn, request.data))
        return success(policy_json(policy), message="Policy created", status=201)

    @allow(Watcher)
    @extend_schema(parameters=[POLICY], responses={200: one(s.PolicyOut), **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, policy_id: str) -> Response:
        """One of them."""
        return success(policy_json(escalations.read_policy(request.user, key_of(policy_id))))

    @allow(Admin)
    @extend_schema(
        parameters=[POLICY],
        request=inputs.PolicyChangeIn,
        responses={200: one(s.PolicyOut), **refusals(400, 401, 403, 404, NameTaken, Unfit)},
    )
    def change(self, request: MemberRequest, policy_id: str) -> Response:
        """Change what is given; `steps` as a whole."""
        key = key_of(policy_id)
        escalations.read_policy(request.user, key)
        body = parsed(inputs.PolicyChangeIn, request.data)
        return success(
            policy_json(escalations.save_policy(request.user, body, key)), message="Policy changed"
        )

    @allow(Admin)
    @extend_schema(parameters=[POLICY], request=None, responses={200: nothing(), **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, policy_id: str) -> Response:
        """Monitors that had it tell their own channels again."""
        escalations.delete_policy(request.user, key_of(policy_id))
        return success(None, message="Policy deleted")


class WindowViews(EnvelopeViews):
    """Planned work: what is down meanwhile alerts nobody and is no downtime."""

    request: MemberRequest

    @allow(Watcher)
    @extend_schema(
        parameters=[inputs.WindowsQuery], responses={200: many(s.WindowOut), **refusals(400, 401, 403)}
    )
    def list(self, request: MemberRequest) -> Response:
        """All maintenance windows, the latest beginning first."""
        query = parsed(inputs.WindowsQuery, request.query_params.dict())
        rows = windows.windows(request.user)
        if query["running"] is not None:
            keys = [window.pk for window in windows.running(timezone.now())]
            rows = rows.filter(pk__in=keys) if query["running"] else rows.exclude(pk__in=keys)
        page, cursor = Keyset(rows, "starts_at").page(query["limit"], query["cursor"])
        return success([window_json(row) for row in page], next_cursor=cursor)

    @allow(Admin)
    @extend_schema(
        request=inputs.WindowIn,
        responses={
            201: one(s.WindowOut),
            **refusals(400, 401, 403, NotARecurrence, WindowCoversNothing, Unfit),
        },
        examples=[examples.WINDOW],
    )
    def add(self, request: MemberRequest) -> Response:
        """A new window: once, or recurring by the wall clock of its time zone."""
        saved = windows.save_window(request.user, parsed(inputs.WindowIn, request.data))
        return success(
            window_json(windows.read_window(request.user, saved.pk)), message="Window created", status=201
        )

    @allow(Watcher)
    @extend_schema(parameters=[WINDOW], responses={200: one(s.WindowOut), **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, window_id: str) -> Response:
        """One of them."""
        return success(window_json(windows.read_window(request.user, key_of(window_id))))

    @allow(Admin)
    @extend_schema(
        parameters=[WINDOW],
        request=inputs.WindowChangeIn,
        responses={
            200: one(s.WindowOut),
            **refusals(400, 401, 403, 404, NotARecurrence, WindowCoversNothing, Unfit),
        },
    )
    def change(self, request: MemberRequest, window_id: str) -> Response:
        """Change what is given."""
        key = key_of(window_id)
        windows.read_window(request.user, key)
        windows.save_window(request.user, parsed(inputs.WindowChangeIn, request.data), key)
        return success(window_json(windows.read_window(request.user, key)), message="Window changed")

    @allow(Admin)
    @extend_schema(parameters=[WINDOW], request=None, responses={200: nothing(), **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, window_id: str) -> Response:
        """If it runs now, it ends."""
        windows.delete_window(request.user, key_of(window_id))
        return success(None, message="Window deleted")
