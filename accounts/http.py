"""Requests to the API from somebody we know."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import Session, User
from accounts.services import Device


class MemberRequest(Request):
    """A request that got past a permission class, so `user` is one of ours."""

    user: User
    auth: Session


def device_of(request: HttpRequest | Request) -> Device:
    return device_behind(request.headers, request.META.get("REMOTE_ADDR"))


def device_behind(headers: Mapping[str, str], address: str | None) -> Device:
    """The address comes from the server, which believes `X-Forwarded-For` of trusted proxies alone."""
    return Device(
        address=address or None,
        platform=headers.get("X-Platform", ""),
        app_version=headers.get("X-App-Version", ""),
        name=headers.get("X-Device-Info", "") or headers.get("User-Agent", ""),
    )
