"""The reads that are asked most, answered without Django's handler and the REST framework (`docs/adr/0013`).

Only what goes well is answered here. A call that is unusual in any way (a query, a body, another origin, a
host that is not ours), is refused or fails goes the ordinary way, from its start: what is refused is said in
one place. What both ways answer is the same, byte for byte, and leaves the same traces.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.http.request import split_domain_port, validate_host

from hazesite import middleware, origin
from hazesite.api import Json
from hazesite.envelope import JSON
from hazesite.metrics.requests import note_route

Meta = dict[str, Any]
"""A call as PEP 3333 has it."""
Headers = list[tuple[bytes, bytes]]
UNUSUAL = frozenset({"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_ORIGIN", "HTTP_X_FORWARDED_HOST"})


@dataclass(frozen=True)
class Read:
    """A call that only reads, with nothing in it but its path."""

    path: str
    """A regular expression."""
    route: str
    """What the ordinary way counts it as."""
    allow: str
    read: Callable[..., tuple[Any, Any]]
    """Takes the call and what `path` finds in it; gives the sign-in of who asks and what they are told."""


@dataclass(frozen=True)
class Whole:
    """An answer, of status 200."""

    headers: Headers
    body: bytes


READS: list[Read] = []
WATCHERS: list[Callable[[Any, str, str, Meta, int], None]] = []
"""Called with the sign-in, the method, the route, the call and the status of what was answered here."""


def answer(call: Meta) -> Whole | None:
    """None: ask the ordinary way. Raises nothing."""
    if call["REQUEST_METHOD"] != "GET" or call["QUERY_STRING"] or not UNUSUAL.isdisjoint(call):
        return None
    for read in READS:
        found = re.fullmatch(read.path, call["PATH_INFO"], re.ASCII)
        if found is not None:
            return _answered(call, read, found.groups()) if _is_for_us(call) else None
    return None


def _is_for_us(call: Meta) -> bool:
    domain, _port = split_domain_port(call.get("HTTP_HOST", ""))
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _answered(call: Meta, read: Read, names: tuple[str, ...]) -> Whole | None:
    started, path = time.perf_counter(), call["PATH_INFO"]
    name, entered = middleware.enter(call, "GET", path)
    try:
        close_old_connections()
        sign_in, said = read.read(call, *names)
        body = Json().render(said)
    except Exception:  # whatever it is, the ordinary way meets it too, and has the words for it
        return None
    finally:
        origin.leave(entered)
    for watch in WATCHERS:
        watch(sign_in, "GET", read.route, call, 200)
    note_route(call["asgi.scope"], read.route)
    middleware.log_request("GET", path, 200, started)
    return Whole(_headers(read, body, name), body)


def _headers(read: Read, body: bytes, name: str) -> Headers:
    return [
        (b"content-type", JSON.encode()),
        (b"allow", read.allow.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"origin"),
        (b"x-request-id", name.encode()),
        (b"cache-control", b"no-store"),
    ]
