"""What several views read from a request, and the answers several of them give."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.models import User
from hazesite.api import parsed
from hazesite.errors import Invalid, NotFound, Unfit
from tickets import serializers as s
from tickets import services
from tickets.models import Message
from tickets.rendering import Json, message_json

NONCE = r"^[!-~]{0,128}$"
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": NONCE},
    OpenApiParameter.HEADER,
    description="The same thing as `client_nonce`: a repeated request gets the first answer again.",
)


def detail(ticket_id: str, request: MemberRequest, status: int = 200) -> Response:
    return Response(services.ticket_page(ticket_id, request.user), status=status)


def say(service: Callable[..., Message], request: MemberRequest, ticket_id: str) -> Response:
    return Response(saying(service, ticket_id, request.user, request.data, request.headers)())


def saying(
    service: Callable[..., Message], ticket_id: str, actor: User, given: Any, headers: Mapping[str, str]
) -> Callable[[], Json]:
    """What is `given` is looked at now; whoever calls what this gives says it, and has the answer."""
    body = parsed(s.MessageIn, given)
    said = {"nonce": nonce_of(headers, body["client_nonce"]), "source": source_of(headers)}

    def do() -> Json:
        message = service(ticket_id, actor, body["message"], **said)
        return {"success": True, "message": message_json(message)}

    return do


def nonce_of(headers: Mapping[str, str], in_body: str | None) -> str:
    """`client_nonce` and `Idempotency-Key` are one thing; two different ones are a mistake."""
    header = headers.get("Idempotency-Key", "")
    if not re.fullmatch(NONCE, header):
        raise Invalid(fields={"Idempotency-Key": ["At most 128 characters, none of them white space."]})
    if header and in_body and header != in_body:
        raise Unfit(fields={"client_nonce": ["Not the same as Idempotency-Key."]})
    return in_body or header


def source_of(headers: Mapping[str, str]) -> str:
    web = headers.get("X-Platform", "").lower() == "web"
    return Message.Source.WEB if web else Message.Source.APP


def message_key(message_id: str) -> int:
    found = re.fullmatch(r"msg_([1-9]\d{0,17})", message_id)
    if found is None:
        raise NotFound
    return int(found[1])
