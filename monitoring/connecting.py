"""The way to what is watched: every address is judged at the moment it is connected to.

A name is looked up once, each of its addresses is judged, and the connection goes to one that was judged.
So a redirect, a decimal or mapped address, or a name that changes between looking and connecting leads
nowhere that the settings do not allow. This site itself (`PUBLIC_URL`) may always be watched.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any

import aiohttp
import httpcore
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

from hazesite import __version__, outbound
from hazesite.outbound import AddressRefused, Resolver
from monitoring.targets import Target, is_this_site

# Name servers may hang; they must hold up neither the loop nor each other.
LOOKUPS = 64


class NameNotFound(OSError):
    pass


class SeesCertificate(aiohttp.ClientResponse):
    """Remembers the certificate of the other side: the connection is gone when the answer is read."""

    certificate: bytes | None = None

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        tls = connection.transport.get_extra_info("ssl_object") if connection.transport else None
        self.certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        return await super().start(connection)


class Connections(AbstractResolver):
    """To be made and closed on the event loop."""

    def __init__(self, resolver: Resolver = outbound.resolve, trust: ssl.SSLContext | None = None) -> None:
        self.resolver = resolver
        self.trust = trust or ssl.create_default_context()
        self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="monitor-lookup")
        connector = aiohttp.TCPConnector(
            resolver=self, use_dns_cache=False, force_close=True, limit=0, ssl=self.trust
        )
        self.web = aiohttp.ClientSession(
            connector=connector,
            response_class=SeesCertificate,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            headers={"User-Agent": f"HazeBot/{__version__} (+{settings.PUBLIC_URL})"},
            auto_decompress=True,
        )

    async def close(self) -> None:
        await self.web.close()
        self._lookups.shutdown(wait=False, cancel_futures=True)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Of a host, for connections to this port (0: none). Raises `AddressRefused`, `NameNotFound`."""
        if (literal := _literal(host)) is not None:
            _judge_literal(host, literal, port)
            return [host.strip("[]")]
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._lookups, self._judged, host, port)
        except httpcore.ConnectError as error:
            raise NameNotFound(str(error)) from error

    def _judged(self, host: str, port: int) -> list[str]:
        if _may_be_private(host, port):
            return list(dict.fromkeys(self.resolver(host, port)))
        return list(dict.fromkeys(outbound.judged(host, port, self.resolver)))

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """For aiohttp, which does not ask for what is an address already: see `require_allowed`."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self.addresses(host, port)
        ]

    def require_allowed(self, host: str, port: int) -> None:
        """Judge a host that is an address; names are judged when they are looked up."""
        if not settings.MONITOR_ALLOW_PRIVATE_TARGETS and (literal := _literal(host)) is not None:
            _judge_literal(host, literal, port)

    async def open(
        self, host: str, port: int, **tls: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first address that answers. Raises `AddressRefused` and `OSError`."""
        failure: OSError = NameNotFound("the name has no address")
        if tls:
            tls.setdefault("server_hostname", host)
        for address in await self.addresses(host, port):
            try:
                return await asyncio.open_connection(address, port, **tls)
            except ssl.SSLError:
                raise
            except OSError as error:
                failure = error
        raise failure


@lru_cache(maxsize=16_384)
def _literal(host: str) -> outbound.Address | None:
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    return None


def _judge_literal(host: str, literal: outbound.Address, port: int) -> None:
    if outbound.is_public(literal) or host in settings.OUTBOUND_ALLOWED_HOSTS:
        return
    if not _may_be_private(host, port):
        raise AddressRefused(host=host)


def _may_be_private(host: str, port: int) -> bool:
    return bool(settings.MONITOR_ALLOW_PRIVATE_TARGETS) or is_this_site(Target(host, port, ""))
