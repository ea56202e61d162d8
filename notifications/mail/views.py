from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.serializers import DoneOut
from accounts.viewsets import RoleViewSet
from hazesite.api import parsed
from hazesite.errors import Unfit
from hazesite.schema import refusals
from notifications.errors import MailNotConfigured
from notifications.mail import addresses
from notifications.mail import serializers as s
from notifications.mail.models import MailAddress
from notifications.mail.switch import is_on


class MailViews(RoleViewSet):
    request: MemberRequest

    @extend_schema(responses={200: s.MailOut, **refusals(401, 403)})
    def read(self, request: MemberRequest) -> Response:
        """Where the caller is mailed, and what is not."""
        return Response(_shown(addresses.address_of(request.user)))

    @extend_schema(
        request=s.MailIn, responses={200: s.MailOut, **refusals(400, 401, 403, Unfit, 429, MailNotConfigured)}
    )
    def change(self, request: MemberRequest) -> Response:
        """Absent ones stay. An address is mailed a link, and each time it is given until it is confirmed."""
        body = parsed(s.MailIn, request.data)
        found = addresses.change_address(request.user, address=body.get("address"), muted=body.get("muted"))
        return Response(_shown(found))

    @extend_schema(request=None, responses={200: DoneOut, **refusals(401, 403, 404)})
    def forget(self, request: MemberRequest) -> Response:
        """Mail the caller no more, and forget the address."""
        addresses.forget_address(request.user)
        return Response({"success": True, "message": "Address removed"})


def _shown(found: MailAddress | None) -> dict[str, Any]:
    return {
        "address": found.address if found else None,
        "confirmed": bool(found and found.confirmed_at),
        "muted": found.muted if found else [],
        "trouble": found.trouble if found else "",
        "available": is_on(),
    }
