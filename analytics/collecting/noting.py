"""What is taken down of a request or a socket event: nothing is looked up, and nothing is cleaned yet."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from analytics.collecting.buffering import buffer
from analytics.collecting.seen import Seen
from analytics.features import CALLS, EVENTS
from hazesite.realtime.origins import declines_tracking
from hazesite.realtime.sinks import Sink


def note_request(request: HttpRequest, status: int) -> None:
    # Whoever came with a token was left here by the framework of the API; others are not asked for.
    sign_in, match = request.__dict__.get("auth"), request.resolver_match
    if sign_in is not None and match is not None:
        note_call(sign_in, request.method or "", match.route, request.META, status)


def note_call(sign_in: Any, method: str, route: str, meta: dict[str, Any], status: int) -> None:
    """A refused request used nothing; one that failed on our side counts as a failed use."""
    if 400 <= status < 500 or not settings.ANALYTICS or sign_in.user.is_service:
        return
    feature = CALLS.get((method, route))
    if feature is None or declines_tracking(meta.get("HTTP_DNT"), meta.get("HTTP_SEC_GPC")):
        return
    user = sign_in.user
    buffer.add(
        Seen(
            time.time(),
            user.pk,
            user.role.value,
            sign_in.key,
            meta.get("HTTP_X_SESSION_ID", ""),
            feature,
            status >= 500,
            meta.get("HTTP_X_PLATFORM") or sign_in.platform,
            meta.get("HTTP_X_APP_VERSION") or sign_in.app_version,
            meta.get("HTTP_X_DEVICE_INFO", ""),
            meta.get("REMOTE_ADDR", ""),
        )
    )


def note_event(sink: Sink, event: str) -> None:
    """A watcher of the sockets."""
    feature = EVENTS.get(event)
    if feature is None or sink.untracked or not settings.ANALYTICS:
        return
    who = sink.identity
    buffer.add(Seen(time.time(), who.user_id, who.role, who.session, "", feature))
