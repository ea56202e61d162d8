"""One log line for each request, and its id in every line written meanwhile."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.http.response import HttpResponse
from django.utils.translation import gettext as _

logger = structlog.get_logger("hazesite.requests")
ACCEPTABLE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def new_request_id() -> str:
    return secrets.token_hex(8)


def request_id() -> str:
    """The id of the request in hand, or a fresh one outside of any."""
    return str(structlog.contextvars.get_contextvars().get("request_id") or new_request_id())


def accepted_id(given: str | None) -> str:
    """What the caller calls this request, when that is fit to be logged; else a name of ours."""
    return given if given and ACCEPTABLE.fullmatch(given) else new_request_id()


class RequestLog:
    """Takes or makes `X-Request-ID`, echoes it, and logs method, path (no query), status and duration."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        name = accepted_id(request.headers.get("X-Request-ID"))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=name)
        response = self._refusal(request) or self.get_response(request)
        response["X-Request-ID"] = name
        if isinstance(response, HttpResponse) and request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        logger.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return response

    def _refusal(self, request: HttpRequest) -> HttpResponseBase | None:
        if "\0" not in request.path_info:
            return None
        # No name of anything has one, and PostgreSQL takes offence.
        body = {"error": _("This address is not valid."), "code": "invalid", "request_id": request_id()}
        return JsonResponse(body, status=400)
