from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.models import User
from accounts.permissions import Admin
from accounts.serializers import DoneOut
from accounts.viewsets import RoleViewSet, allow
from hazesite.api import Keyset, parsed
from hazesite.errors import Unfit
from hazesite.schema import refusals
from notifications import serializers as s
from notifications import services
from notifications.errors import PushFailed, PushNotConfigured, TooManyDevices
from notifications.kinds import SWITCHES
from notifications.models import Device, Notification, Preferences
from notifications.services.testing import send_test
from notifications.wording import line_of, title_of

REGISTERED = [
    OpenApiExample("a phone", {"fcm_token": "dGhlLXBob25l:APA91b", "platform": "android"}, request_only=True),
    OpenApiExample(
        "registered",
        {"success": True, "message": "Token registered"},
        response_only=True,
        status_codes=["200"],
    ),
]


class DeviceViews(RoleViewSet):
    request: MemberRequest

    @extend_schema(
        examples=REGISTERED,
        request=s.RegisterIn,
        responses={200: DoneOut, **refusals(400, 401, 403, TooManyDevices)},
    )
    def register(self, request: MemberRequest) -> Response:
        """Push to this device from now on. Registering a token again moves it to the caller."""
        body = parsed(s.RegisterIn, request.data)
        services.register_device(
            request.user, body["fcm_token"], body["platform"], kind=body["kind"], info=body["device_info"]
        )
        return Response({"success": True, "message": "Token registered"})

    @extend_schema(request=s.ForgetIn, responses={200: DoneOut, **refusals(400, 401, 403, 404)})
    def forget(self, request: MemberRequest) -> Response:
        """Push to this device of the caller no more."""
        services.forget_device(request.user, parsed(s.ForgetIn, request.data)["fcm_token"])
        return Response({"success": True, "message": "Token removed"})

    @allow(Admin)
    @extend_schema(
        request=s.TestIn, responses={200: DoneOut, **refusals(400, 401, 403, PushFailed, PushNotConfigured)}
    )
    def test(self, request: MemberRequest) -> Response:
        """Send one push now; the answer is FCM's."""
        body = parsed(s.TestIn, request.data)
        send_test(request.user, body["fcm_token"], body["kind"], body["title"], body["body"])
        return Response({"success": True, "message": "FCM has taken it"})


class PreferenceViews(RoleViewSet):
    request: MemberRequest

    @extend_schema(responses={200: s.SettingsOut, **refusals(401, 403)})
    def read_settings(self, request: MemberRequest) -> Response:
        """The five switches of the app's settings."""
        return Response(_settings(services.preferences_of(request.user)))

    @extend_schema(request=s.SettingsIn, responses={200: s.SettingsOut, **refusals(400, 401, 403)})
    def change_settings(self, request: MemberRequest) -> Response:
        """Absent ones stay. A web app cannot ring, so its master switch is not the person's."""
        body = parsed(s.SettingsIn, request.data)
        if request.headers.get("X-Platform", "").lower() == "web":
            body.pop("notifications_enabled", None)
        return Response(_settings(services.change_preferences(request.user, body)))

    @extend_schema(responses={200: s.PreferencesOut, **refusals(401, 403)})
    def preferences(self, request: MemberRequest) -> Response:
        """Quiet hours, a switch for each kind, devices, muted tickets."""
        return Response(_preferences(request.user, services.preferences_of(request.user)))

    @extend_schema(
        request=s.PreferencesIn, responses={200: s.PreferencesOut, **refusals(400, 401, 403, Unfit)}
    )
    def change_preferences(self, request: MemberRequest) -> Response:
        """Absent ones stay."""
        body = parsed(s.PreferencesIn, request.data)
        switches: dict[str, Any] = {name: body[name] for name in s.SWITCHED if name in body}
        switches |= body.get("events", {})
        if "quiet_hours" in body:
            hours = body["quiet_hours"] or {"start": None, "end": None}
            switches |= {"quiet_from": hours["start"], "quiet_to": hours["end"]}
        kept = services.change_preferences(
            request.user,
            switches,
            time_zone=body.get("time_zone"),
            devices=body.get("devices", ()),
            muted_tickets=body.get("muted_tickets"),
        )
        request.user.refresh_from_db(fields=["time_zone"])
        return Response(_preferences(request.user, kept))


class HistoryViews(RoleViewSet):
    request: MemberRequest

    @extend_schema(parameters=[s.HistoryQuery], responses={200: s.HistoryOut, **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """What the caller was told in the last 90 days, newest first, in its newest words."""
        query = parsed(s.HistoryQuery, request.query_params.dict())
        rows = Keyset(services.notifications_of(request.user), "created_at")
        page, cursor = rows.page(query["limit"], query["cursor"])
        return Response(
            {
                "notifications": [_notification(one) for one in page],
                "unread_count": services.unread_count(request.user),
                "next_cursor": cursor,
            }
        )

    @extend_schema(request=s.ReadIn, responses={200: DoneOut, **refusals(400, 401, 403)})
    def read(self, request: MemberRequest) -> Response:
        """These of the caller's, or all, are read. Others' and unknown ones are passed over."""
        body = parsed(s.ReadIn, request.data)
        count = services.mark_notifications_read(request.user, body.get("ids"))
        return Response({"success": True, "message": f"{count} read"})


def _settings(preferences: Preferences) -> dict[str, bool]:
    return {name: getattr(preferences, name) for name in s.FLAT}


def _preferences(user: User, kept: Preferences) -> dict[str, Any]:
    quiet = kept.quiet_from and kept.quiet_to
    return {
        "quiet_hours": {"start": f"{kept.quiet_from:%H:%M}", "end": f"{kept.quiet_to:%H:%M}"}
        if quiet
        else None,
        "time_zone": user.time_zone,
        "only_mine": kept.only_mine,
        "private": kept.private,
        "digest": kept.digest,
        "direct_messages": kept.direct_messages,
        "events": {name: getattr(kept, name) for name in dict.fromkeys(SWITCHES.values())},
        "devices": [_device(one) for one in services.devices_of(user)],
        "muted_tickets": services.muted_by(user),
    }


def _device(one: Device) -> dict[str, Any]:
    return {
        "id": one.pk,
        "platform": one.platform,
        "kind": one.kind,
        "device_info": one.info,
        "muted": one.muted_kinds,
        "last_seen_at": one.last_seen_at,
    }


def _notification(one: Notification) -> dict[str, Any]:
    gone = one.ticket is not None and one.ticket.deleted_at is not None
    words = one.event and one.event.message and one.event.message.deleted_at
    return {
        "id": one.pk,
        "kind": one.kind,
        "ticket_id": one.ticket.public_id if one.ticket and not gone else None,
        "title": "" if gone else title_of(one),
        "body": "" if gone or words else one.facts.get("body") or line_of(one),
        "created_at": one.created_at,
        "read_at": one.read_at,
    }
