"""Whether this host has a network at all: what cannot be reached without one is not down, but unknown."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress

import psutil
from django.conf import settings

PROBE_SECONDS = 3.0
TRUSTED_SECONDS = 10.0
# Addresses for documentation: nothing is sent, the system is asked for the way there.
SOMEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


class Network:
    """Judged when a target cannot be reached: by `MONITOR_REFERENCE_TARGETS`, or by interface and route."""

    def __init__(self) -> None:
        self._probing = asyncio.Lock()
        self._looked_at = -float("inf")
        self._is_up = True

    async def is_up(self, since: float) -> bool:
        """As seen by a probe that began after `since` (on the loop's clock); many who ask share one."""
        async with self._probing:
            if self._looked_at < since:
                looked_at = asyncio.get_running_loop().time()
                self._is_up = await _probe(settings.MONITOR_REFERENCE_TARGETS)
                self._looked_at = looked_at
            return self._is_up


async def _probe(targets: Sequence[str]) -> bool:
    if not targets:
        return has_interface() and has_route()
    probes = [asyncio.ensure_future(_answers(target)) for target in targets]
    try:
        for probe in asyncio.as_completed(probes):
            if await probe:
                return True
        return False
    finally:
        for one in probes:
            one.cancel()


async def _answers(target: str) -> bool:
    """`host:port`; port 443 where there is none."""
    host, port = split(target)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(PROBE_SECONDS):
            _reader, writer = await asyncio.open_connection(host, port)
            writer.close()
            return True
    return False


def split(target: str) -> tuple[str, int]:
    host, colon, port = target.rpartition(":")
    if not colon or not port.isdigit() or (":" in host and not host.startswith("[")):
        return target.strip("[]"), 443
    return host.strip("[]"), int(port)


def has_interface() -> bool:
    return any(one.isup for name, one in psutil.net_if_stats().items() if not name.startswith("lo"))


def has_route() -> bool:
    for family, address in SOMEWHERE:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            return True
    return False


def is_loopback(host: str) -> bool:
    """What needs no network, and so is never unknown."""
    name = host.strip("[]").rstrip(".").casefold()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False
