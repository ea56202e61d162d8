"""The shape of every error under `/api`, and the name of the request it belongs to."""

from __future__ import annotations

import re
import secrets
from typing import Any

import orjson
import structlog
from django.http import HttpResponse

JSON = "application/json; charset=utf-8"
ACCEPTABLE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def new_request_id() -> str:
    return secrets.token_hex(8)


def request_id() -> str:
    """The id of the request in hand, or a fresh one outside of any."""
    return str(structlog.contextvars.get_contextvars().get("request_id") or new_request_id())


def accepted_id(given: str | None) -> str:
    """What the caller calls this request, when that is fit to be logged; else a name of ours."""
    return given if given and ACCEPTABLE.fullmatch(given) else new_request_id()


def envelope(error: str, code: str, **more: Any) -> dict[str, Any]:
    return {"error": error, "code": code, "request_id": request_id(), **more}


def plain_error(status: int, code: str, sentence: str) -> HttpResponse:
    """For errors that happen outside of any API view."""
    return HttpResponse(orjson.dumps(envelope(sentence, code)), content_type=JSON, status=status)
