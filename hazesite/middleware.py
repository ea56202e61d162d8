"""One log line for each request, and its id in every line written meanwhile."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponseBase
from django.http.response import HttpResponse
from django.utils.translation import gettext as _

from hazesite.envelope import accepted_id, plain_error

logger = structlog.get_logger("hazesite.requests")


def log_failure(**_signal: Any) -> None:
    """Hears of each page that fails (Django's own log line of it is off); the API logs its own failures."""
    logger.error("page_failed", exc_info=sys.exc_info()[1])


class RequestLog:
    """Takes or makes `X-Request-ID`, echoes it, and logs method, path (no query), status and duration."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        name = accepted_id(request.headers.get("X-Request-ID"))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=name, method=request.method, path=request.path)
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
        return plain_error(400, "invalid", _("This address is not valid."))
