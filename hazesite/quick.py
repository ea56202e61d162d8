"""The calls that are made most, answered without Django's handler and the REST framework (`docs/adr/0013`).

Only what is usual is answered here. A call that is unusual in any way (a query, another origin, a host that
is not ours, a body that is not small JSON) or is refused at its door goes the ordinary way, from its start.
What both ways answer is the same, byte for byte, and leaves the same traces.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.http.request import split_domain_port, validate_host

from hazesite import middleware, origin, ratelimits
from hazesite.api import Json, JsonBody, answer_errors
from hazesite.envelope import JSON
from hazesite.metrics.requests import note_route

Meta = dict[str, Any]
"""A call as PEP 3333 has it."""
Headers = list[tuple[bytes, bytes]]
Done = tuple[int, Mapping[str, str], bytes]
"""Status, headers that not every answer has, and body."""
UNUSUAL = frozenset({"HTTP_TRANSFER_ENCODING", "HTTP_ORIGIN", "HTTP_X_FORWARDED_HOST"})
USUAL_BODY = re.compile(r"application/json(; ?charset=utf-8)?", re.IGNORECASE)
MAX_BODY = 64 * 1024


@dataclass(frozen=True)
class Way:
    """A call with nothing in it but its path, and where something is to be written, its body."""

    method: str
    path: str
    """A regular expression."""
    route: str
    """What the ordinary way counts it as."""
    allow: str
    begin: Callable[..., tuple[Any, Callable[[], Any]]]
    """Takes the call and what `path` finds in it; gives the sign-in of who asks, and what does the rest and
    says what they are told. Changes and counts nothing yet: whatever it raises, the call begins anew."""


@dataclass(frozen=True)
class Whole:
    """An answer."""

    status: int
    headers: Headers
    body: bytes


WAYS: list[Way] = []
WATCHERS: list[Callable[[Any, str, str, Meta, int], None]] = []
"""Called with the sign-in, the method, the route, the call and the status of what was answered here."""


def answer(call: Meta) -> Whole | None:
    """None: ask the ordinary way."""
    if call["QUERY_STRING"] or not UNUSUAL.isdisjoint(call):
        return None
    for way in WAYS:
        found = re.fullmatch(way.path, call["PATH_INFO"], re.ASCII)
        if found is not None and way.method == call["REQUEST_METHOD"]:
            return _answered(call, way, found.groups()) if _is_usual(call, way.method) else None
    return None


def body_of(call: Meta) -> Any:
    """What is said in JSON, without taking it from who asks next. Raises the framework's `ParseError`."""
    return JsonBody().parse(io.BytesIO(call["wsgi.input"].getvalue()))


def _is_usual(call: Meta, method: str) -> bool:
    domain, _port = split_domain_port(call.get("HTTP_HOST", ""))
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    if method == "GET":
        return "CONTENT_LENGTH" not in call
    body = call["wsgi.input"]
    return (
        isinstance(body, io.BytesIO)
        and call.get("CONTENT_LENGTH") == str(length := body.getbuffer().nbytes)
        and length <= MAX_BODY
        and USUAL_BODY.fullmatch(call.get("CONTENT_TYPE", "")) is not None
    )


def _answered(call: Meta, way: Way, names: tuple[str, ...]) -> Whole | None:
    started, path = time.perf_counter(), call["PATH_INFO"]
    name, entered = middleware.enter(call, way.method, path)
    try:
        with ratelimits.noting():
            found = _found(call, way, names)
            limits = ratelimits.headers()
    finally:
        origin.leave(entered)
    if found is None:
        return None
    sign_in, (status, more, body) = found
    for watch in WATCHERS:
        watch(sign_in, way.method, way.route, call, status)
    note_route(call["asgi.scope"], way.route)
    middleware.log_request(way.method, path, status, started)
    return Whole(status, _headers(way, body, name, {**more, **limits}), body)


def _found(call: Meta, way: Way, names: tuple[str, ...]) -> tuple[Any, Done] | None:
    try:
        close_old_connections()
        sign_in, do = way.begin(call, *names)
        if way.method == "GET":
            return sign_in, (200, {}, Json().render(do()))
    except Exception:  # whatever it is, the ordinary way meets it too, and has the words for it
        return None
    return sign_in, _done(do)


def _done(do: Callable[[], Any]) -> Done:
    """From here on nothing begins anew: what fails after its commit would be done twice."""
    try:
        return 200, {}, Json().render(do())
    except Exception as error:
        refused = answer_errors(error, {})
        more = {name: value for name, value in refused.items() if name != "Content-Type"}
        return refused.status_code, more, Json().render(refused.data)


def _headers(way: Way, body: bytes, name: str, more: Mapping[str, str]) -> Headers:
    return [
        (b"content-type", JSON.encode()),
        (b"allow", way.allow.encode()),
        *((header.lower().encode(), value.encode()) for header, value in more.items()),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"origin"),
        (b"x-request-id", name.encode()),
        (b"cache-control", b"no-store"),
    ]
