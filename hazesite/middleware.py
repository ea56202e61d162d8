"""One log line for each request, and its id in every line written meanwhile."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextvars import Token
from functools import cache
from typing import Any

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.http.response import HttpResponse
from django.utils.translation import gettext as _

from hazesite import origin, ratelimits
from hazesite.envelope import accepted_id, plain_error
from hazesite.metrics.requests import note_route

logger = structlog.get_logger("hazesite.requests")


def log_failure(**_signal: Any) -> None:
    """Hears of each page that fails (Django's own log line of it is off); the API logs its own failures."""
    logger.error("page_failed", exc_info=sys.exc_info()[1])


class ContentPolicy(CSPMiddleware):
    """django-csp's, which writes the same policy anew for each answer: here once, if no view has its own."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        own = SAID_BY_VIEWS & response.__dict__.keys() or getattr(request, "_csp_nonce", None)
        if own or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, _usual_policy())
        return response


SAID_BY_VIEWS = {"_csp_exempt", "_csp_config", "_csp_update", "_csp_replace"}


@cache
def _usual_policy() -> str:
    return str(build_policy())


class CallsGoPast:
    """Calls of the API skip what follows in `MIDDLEWARE`: cookies, forms, policies of pages.

    They bring a token and no cookie; what browsers must know of any answer the outermost layer says
    (`security_headers`). A view there that wants a cookie has to be among `OPENED_BY_BROWSERS`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response, self.beyond = get_response, _innermost(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        is_call = path.startswith("/api/") and path not in OPENED_BY_BROWSERS
        return self.beyond(request) if is_call else self.get_response(request)


OPENED_BY_BROWSERS = {"/api/docs/", "/api/redoc/", "/api/discord/callback"}
"""The last one may end on the admin site, signed in."""


def _innermost(handler: Any) -> Any:
    """What is left of the chain behind the last middleware: Django wraps each into a handler of its own."""
    while (inner := getattr(getattr(handler, "__wrapped__", None), "get_response", None)) is not None:
        handler = inner
    return handler


def _scope_of(request: HttpRequest) -> Any:
    return request.META.get("asgi.scope") or getattr(request, "scope", {})


def enter(meta: Mapping[str, Any], method: str | None, path: str) -> tuple[str, Token[Any]]:
    """The request's name, which each line says from now on, and what `origin.leave` wants at its end."""
    name = accepted_id(meta.get("HTTP_X_REQUEST_ID"))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=name, method=method, path=path)
    return name, origin.enter(_door(path), meta.get("REMOTE_ADDR") or None, name)


def log_request(method: str | None, path: str, status: int, started: float) -> None:
    took = round((time.perf_counter() - started) * 1000, 1)
    logger.info("request", method=method, path=path, status=status, ms=took)


class RequestLog:
    """Takes or makes `X-Request-ID`, echoes it, and logs method, path (no query), status and duration."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        name, entered = enter(request.META, request.method, request.path)
        try:
            with ratelimits.noting():
                response = self._refusal(request) or self.get_response(request)
                for header, value in ratelimits.headers().items():
                    response[header] = value
        finally:
            origin.leave(entered)
        response["X-Request-ID"] = name
        if request.resolver_match is not None:
            note_route(_scope_of(request), request.resolver_match.route)
        if isinstance(response, HttpResponse) and request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        log_request(request.method, request.path, response.status_code, started)
        return response

    def _refusal(self, request: HttpRequest) -> HttpResponseBase | None:
        if "\0" not in request.path_info:
            return None
        # No name of anything has one, and PostgreSQL takes offence.
        return plain_error(400, "invalid", _("This address is not valid."))


def _door(path: str) -> str:
    if path.startswith("/api/"):
        return "api"
    return "admin" if path.startswith("/admin/") else "web"
