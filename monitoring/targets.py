"""Which targets may be watched. Judged when they are stored, and again by engines at each connection."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from hazesite import outbound
from hazesite.outbound import AddressRefused, UnknownHost, resolve
from monitoring.errors import TargetRefused

LOOKUP_SECONDS = 4.0
# Many at once: an import asks for hundreds of names.
_lookups = ThreadPoolExecutor(16, thread_name_prefix="target-lookup")


@dataclass(frozen=True)
class Target:
    host: str
    port: int
    field: str
    """Which setting names it, for the refusal."""


def target_of_url(url: str) -> Target:
    parts = urlsplit(url)
    return Target(parts.hostname or "", parts.port or _usual_port(parts), "url")


def _usual_port(parts: SplitResult) -> int:
    return 443 if parts.scheme in ("https", "wss") else 80


def is_this_site(target: Target) -> bool:
    """Whether it is the very host and port of `PUBLIC_URL`; with port 0 (a ping) the host alone counts."""
    own = target_of_url(settings.PUBLIC_URL)
    same_host = target.host.rstrip(".").casefold() == own.host.casefold()
    return same_host and target.port in (own.port, 0)


def refuse_private(wanted: Iterable[Target]) -> None:
    """Look the names up: never inside a transaction. Raises `TargetRefused`."""
    for target in refused(wanted):
        sentence = str(TargetRefused.message)
        raise TargetRefused(
            f"{target.field}: {sentence}", host=target.host, fields={target.field: [sentence]}
        )


def refused(wanted: Iterable[Target]) -> list[Target]:
    """Those that are private or local. All names are looked up side by side.

    A name that is unknown now, or whose name server is silent, may be known later and is let through:
    engines judge what it leads to each time before they connect.
    """
    if settings.MONITOR_ALLOW_PRIVATE_TARGETS:
        return []
    asked = {target: _asked(target) for target in wanted if not is_this_site(target)}
    until = time.monotonic() + LOOKUP_SECONDS
    return [target for target, answer in asked.items() if _is_refused(answer, until)]


def _is_refused(answer: Future[list[str]], until: float) -> bool:
    try:
        answer.result(max(0.0, until - time.monotonic()))
    except AddressRefused:
        return True
    except (TooLate, UnknownHost):
        return False
    return False


def _asked(target: Target) -> Future[list[str]]:
    if _is_named_local(target.host):
        known: Future[list[str]] = Future()
        known.set_exception(AddressRefused(host=target.host))
        return known
    return _lookups.submit(outbound.judged, target.host, target.port or 80, resolve)


def _is_named_local(host: str) -> bool:
    """Names and addresses that are refused whatever a name server says, and even where there is none."""
    name = host.rstrip(".").casefold()
    if name in settings.OUTBOUND_ALLOWED_HOSTS:
        return False
    if name == "localhost" or name.endswith((".localhost", ".local", ".internal")):
        return True
    with suppress(ValueError):
        return not outbound.is_public(ipaddress.ip_address(name.partition("%")[0]))
    return False
