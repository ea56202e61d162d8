from __future__ import annotations

from functools import cache

import icmplib
import structlog
from django.utils.translation import gettext_lazy as _

from monitoring.types.base import Context, Failed, MonitorType, Result, Watched

logger = structlog.get_logger(__name__)
UNAVAILABLE = (
    "Ping is not available here: let this user send ICMP (sysctl net.ipv4.ping_group_range) "
    "or give the process CAP_NET_RAW."
)


class Ping(MonitorType):
    """Up while an ICMP echo comes back."""

    name = "ping"
    title = _("Ping")
    needs = ("host",)

    async def check(self, watched: Watched, context: Context) -> Result:
        address = (await context.connections.addresses(watched.host, 0))[0]
        privileged = privileges()
        if privileged is None:
            return Result(is_up=None, error=UNAVAILABLE)
        try:
            host = await icmplib.async_ping(address, count=1, timeout=watched.timeout, privileged=privileged)
        except icmplib.ICMPLibError as error:
            raise Failed(str(error), unreachable=True) from error
        if not host.is_alive:
            raise Failed(f"No echo within {watched.timeout:g} s", unreachable=True)
        return Result(is_up=True, response_ms=host.max_rtt)


@cache
def privileges() -> bool | None:
    """Whether ICMP needs a raw socket here; None where neither that nor a datagram socket is allowed."""
    for privileged in (False, True):
        try:
            icmplib.ICMPv4Socket(privileged=privileged).close()
        except icmplib.ICMPLibError:
            continue
        return privileged
    logger.warning("ping_is_not_available", hint=UNAVAILABLE)
    return None
