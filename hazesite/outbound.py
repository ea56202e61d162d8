"""The one way out: every request to an address that somebody typed goes through here.

The guard sits where connections are made, not where addresses are parsed. A name is resolved once, each
address it has is judged, and the connection goes to an address that was judged. So it makes no difference
whether the target hides behind a name, a redirect, a decimal or mapped address, or a name that changes
between looking and connecting.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hazesite import __version__
from hazesite.errors import Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Iterable[str]]
UnknownHost = httpcore.ConnectError
"""What `resolve` and `judged` raise for a name that nobody knows."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
MAX_REDIRECTS = 5
READ_AWAY_BYTES, READ_AWAY_SECONDS = 64 * 1024, 1.0
# Names are looked up beside the event loop, and beside its other threads: a name server may hang.
_lookups = ThreadPoolExecutor(32, thread_name_prefix="lookup")


class AddressRefused(Refused):
    code = "address_refused"
    message = _(
        "This address is not reachable from here: it is private, local, or not an address of the web."
    )


class AnswerTooLarge(Refused):
    status = 502
    code = "answer_too_large"
    message = _("The other side's answer is too large.")


class TookTooLong(Refused):
    status = 504
    code = "took_too_long"
    message = _("The other side took too long.")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet at large; what is wrapped in another is unwrapped first."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    return [str(entry[4][0]) for entry in found]


def judged(host: str, port: int, resolver: Resolver = resolve, trusted: Collection[str] = ()) -> list[str]:
    """The addresses of a host. Raises `AddressRefused` when one is not public and the host not allowed."""
    addresses = list(resolver(host, port))
    if host not in settings.OUTBOUND_ALLOWED_HOSTS and host not in trusted:
        # All of them: a name with one public and one private address is no honest name.
        for address in addresses:
            if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                raise AddressRefused(host=host)
    return addresses


def check_address(url: str, resolver: Resolver = resolve) -> None:
    """For addresses that are stored. Looks the name up, so never inside a transaction.

    Raises `AddressRefused`: no http(s), a name or password in it, an unknown host, or one that is not public.
    """
    try:
        parts = httpx.URL(url)
        if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo:
            raise AddressRefused(host=parts.host)
        judged(parts.host, parts.port or (443 if parts.scheme == "https" else 80), resolver)
    except (httpx.InvalidURL, httpcore.ConnectError, UnicodeError) as error:
        raise AddressRefused from error


class GuardedBackend(httpcore.SyncBackend):
    """Connects to public addresses, to the hosts that `OUTBOUND_ALLOWED_HOSTS` names, and to trusted ones."""

    def __init__(self, resolver: Resolver = resolve, trusted: Collection[str] = ()) -> None:
        self.resolver, self.trusted = resolver, trusted

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        addresses = judged(host, port, self.resolver, self.trusted)
        return self._first_that_answers(addresses, port, *args, **kwargs)

    def _first_that_answers(
        self, addresses: list[str], port: int, *args: Any, **kwargs: Any
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return super().connect_tcp(address, port, *args, **kwargs)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, *_args: Any, **_kwargs: Any) -> httpcore.NetworkStream:
        raise AddressRefused


class AsyncGuardedBackend(httpcore.AnyIOBackend):
    """The same guard for the event loop."""

    def __init__(self, resolver: Resolver = resolve) -> None:
        self.resolver = resolver

    async def connect_tcp(
        self, host: str, port: int, *args: Any, **kwargs: Any
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        addresses = await loop.run_in_executor(_lookups, judged, host, port, self.resolver)
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return await super().connect_tcp(address, port, *args, **kwargs)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(self, *_args: Any, **_kwargs: Any) -> httpcore.AsyncNetworkStream:
        raise AddressRefused


def _user_agent() -> str:
    return f"HazeBot/{__version__} (+{settings.PUBLIC_URL})"


def async_client(timeout: float = 10.0, resolver: Resolver = resolve) -> httpx.AsyncClient:
    """For many requests side by side: no proxies, no redirects, no cookies kept, connections reused."""
    # Let go before the other side does: five seconds are the shortest that is usual there.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=4)
    transport = httpx.AsyncHTTPTransport(trust_env=False, limits=limits)
    transport._pool._network_backend = AsyncGuardedBackend(resolver)  # httpx has no public door to it
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        timeout=timeout,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": _user_agent()},
    )


async def post(out: httpx.AsyncClient, url: str, *, deadline: float = 10.0, **request: Any) -> Answer:
    """`call` with POST."""
    return await call(out, "POST", url, deadline=deadline, **request)


async def call(
    out: httpx.AsyncClient, method: str, url: str, *, deadline: float = 10.0, **request: Any
) -> Answer:
    """Where only the status and the headers of the answer count; its body is read away or cut off.

    Raises `AddressRefused`, `TookTooLong` after `deadline` seconds in all, and httpx's other errors.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise AddressRefused(host=urlsplit(url).netloc)
    try:
        async with asyncio.timeout(deadline), out.stream(method, url, **request) as answer:
            await _read_away(answer)
            return Answer(answer.status_code, dict(answer.headers), b"")
    except (TimeoutError, httpx.TimeoutException) as error:
        raise TookTooLong from error


def retry_after(answer: Answer) -> float | None:
    """The seconds that `Retry-After` asks for, as a number or as a date. None: it asks for nothing."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    with suppress(ValueError, TypeError):
        moment = parsedate_to_datetime(value)
        return max(0.0, moment.timestamp() - time.time())
    return None


async def _read_away(answer: httpx.Response) -> None:
    """A short body is read, so that the connection can be used again; a long or slow one ends it."""
    size = 0
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(READ_AWAY_SECONDS):
            async for chunk in answer.aiter_raw():
                size += len(chunk)
                if size > READ_AWAY_BYTES:
                    return


def client(
    timeout: float = 10.0, resolver: Resolver = resolve, trusted: Collection[str] = ()
) -> httpx.Client:
    """A client without proxies from the environment, redirects followed (and judged) up to five times."""
    transport = httpx.HTTPTransport(trust_env=False)
    transport._pool._network_backend = GuardedBackend(resolver, trusted)  # httpx has no public door to it
    return httpx.Client(
        transport=transport,
        trust_env=False,
        timeout=timeout,
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        headers={"User-Agent": _user_agent()},
    )


def fetch(
    method: str,
    url: str,
    *,
    deadline: float = 10.0,
    limit: int = 1_000_000,
    resolver: Resolver = resolve,
    trusted: Collection[str] = (),
    **request: Any,
) -> Answer:
    """One request, whole, within `deadline` seconds in all and `limit` bytes.

    `trusted` are hosts that our own settings name: they may be on this machine, as a Discord of the tests is.
    Raises `AddressRefused`, `AnswerTooLarge`, `TookTooLong`, and httpx's errors for what the network does.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise AddressRefused(host=urlsplit(url).netloc)
    ends_at = time.monotonic() + deadline
    try:
        with client(deadline, resolver, trusted) as out, out.stream(method, url, **request) as answer:
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > limit:
                    raise AnswerTooLarge
                if time.monotonic() > ends_at:
                    raise TookTooLong
            return Answer(answer.status_code, dict(answer.headers), body)
    except httpx.TimeoutException as error:
        raise TookTooLong from error
