"""Ports, echoes, names, signs of life: against servers on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import icmplib
import pytest
from dnslib import RR
from dnslib.server import BaseResolver, DNSServer

from hazesite.health import registry
from monitoring.engine.network import Network, has_route, is_loopback, split
from monitoring.types.ping import privileges
from tests.monitoring.engine.stage import BEGIN, after
from tests.serving import free_port


# --- ports -------------------------------------------------------------------
async def test_a_port_that_listens(here, targets):
    result = await here.check("port", host="127.0.0.1", port=targets.port)
    assert (result.is_up, result.status_code, result.error) == (True, None, "")
    assert result.response_ms is not None


async def test_a_port_that_does_not(here):
    result = await here.check("port", host="127.0.0.1", port=free_port())
    assert (result.is_up, result.error, result.unreachable) == (False, "Connection refused", False)
    assert result.response_ms is None


# --- echoes ------------------------------------------------------------------
@pytest.mark.skipif(privileges() is None, reason="ICMP is not allowed here")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_echo(here, host):
    result = await here.check("ping", host=host)
    assert (result.is_up, result.error) == (True, "")
    assert 0 < result.response_ms < 1000


async def test_where_ping_is_not_allowed_nothing_is_down(here, monkeypatch):
    def refuse(**_unused):
        raise icmplib.SocketPermissionError(True)

    monkeypatch.setattr(icmplib, "ICMPv4Socket", refuse)
    privileges.cache_clear()
    result = await here.check("ping", host="127.0.0.1")
    privileges.cache_clear()
    assert result.is_up is None
    assert "ping_group_range" in result.error


# --- names -------------------------------------------------------------------
ZONE = """
site.test. 60 IN A 192.0.2.7
site.test. 60 IN A 192.0.2.8
site.test. 60 IN MX 10 mail.site.test.
site.test. 60 IN TXT "v=spf1 -all"
www.site.test. 60 IN CNAME site.test.
"""


class Zone(BaseResolver):
    def __init__(self) -> None:
        self.records = RR.fromZone(ZONE)

    def resolve(self, request, handler):
        reply = request.reply()
        name, kind = str(request.q.qname), request.q.qtype
        found = [one for one in self.records if str(one.rname) == name]
        if not found:
            reply.header.rcode = 3
        reply.add_answer(*(one for one in found if one.rtype == kind))
        return reply


@pytest.fixture(scope="module")
def name_server() -> Iterator[int]:
    port = free_port()
    server = DNSServer(Zone(), address="127.0.0.1", port=port)
    server.start_thread()
    yield port
    server.stop()
    server.server.server_close()


NAMES = [
    ("site.test", {}, True, "192.0.2.7"),
    ("site.test", {"expected": "192.0.2.8"}, True, "192.0.2.8"),
    ("site.test", {"expected": "192.0.2.9"}, False, "None of the A records"),
    ("site.test", {"record": "MX", "expected": "mail.site.test"}, True, "10 mail"),
    ("site.test", {"record": "TXT", "expected": "v=spf1 -all"}, True, "spf1"),
    ("www.site.test", {"record": "CNAME", "expected": "SITE.test."}, True, "site.test"),
    ("site.test", {"record": "AAAA"}, False, "The name has no AAAA record"),
    ("other.test", {}, False, "There is no such name"),
]


@pytest.mark.parametrize(("host", "options", "is_up", "text"), NAMES)
async def test_a_name(here, name_server, host, options, is_up, text):
    given = options | {"server": "127.0.0.1"}
    result = await here.check("dns", host=host, port=name_server, options=given)
    assert result.is_up is is_up, result.error
    assert text in result.answer + result.error


async def test_a_name_server_that_is_silent(here):
    loop = asyncio.get_running_loop()
    transport, _protocol = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    result = await here.check(
        "dns", host="site.test", port=port, timeout=0.5, options={"server": "127.0.0.1"}
    )
    transport.close()
    assert (result.is_up, result.unreachable) == (False, True)


async def test_a_private_name_server_is_not_asked(guarded):
    result = await guarded.check("dns", host="site.test", options={"server": "127.0.0.1"})
    assert (result.is_up, "Not watched from here" in result.error) == (False, True)


# --- signs of life -------------------------------------------------------------
@pytest.mark.parametrize(
    ("pushed", "now", "is_up", "next_at"),
    [
        (0, 30, True, 66),
        (0, 65, True, 66),
        (0, 67, False, None),
        (None, 60, None, 66),
        (None, 70, False, None),
    ],
)
async def test_a_dead_mans_switch(guarded, pushed, now, is_up, next_at):
    guarded.moment = after(now)
    pushed_at = None if pushed is None else after(pushed)
    result = await guarded.check("push", created_at=BEGIN, pushed_at=pushed_at)
    assert result.is_up is is_up
    assert result.next_at == (None if next_at is None else after(next_at))


async def test_its_grace(guarded):
    guarded.moment = after(100)
    assert (await guarded.check("push", pushed_at=BEGIN, options={"grace": 50})).is_up
    assert not (await guarded.check("push", pushed_at=BEGIN, options={"grace": 30})).is_up
    assert (await guarded.check("push", pushed_at=BEGIN, interval=86400)).next_at == BEGIN + timedelta(
        seconds=86400 + 60
    )


@pytest.mark.parametrize(
    ("health", "is_up"),
    [
        (registry.ok(enabled=True, latency_ms=41), True),
        (registry.ok(enabled=False), False),
        (registry.warning("The bot is not connected to Discord", enabled=True), False),
        (registry.error("No bot is running", enabled=True), False),
    ],
)
async def test_the_bot_of_this_site(guarded, monkeypatch, health, is_up):
    monkeypatch.setitem(registry.CHECKS, "bot", registry.Check(lambda: health, "bot", 1.0))
    result = await guarded.check("discord_bot")
    assert result.is_up is is_up
    assert bool(result.error) is not is_up


async def test_a_type_that_is_not_there(guarded):
    assert (await guarded.check("telepathy")).is_up is None


# --- this host's own network -----------------------------------------------------
async def test_a_reference_that_answers_is_a_network(settings, targets):
    settings.MONITOR_REFERENCE_TARGETS = [f"127.0.0.1:{free_port()}", f"127.0.0.1:{targets.port}"]
    assert await Network().is_up(0)


async def test_without_an_answer_there_is_none(settings):
    settings.MONITOR_REFERENCE_TARGETS = [f"127.0.0.1:{free_port()}"]
    assert not await Network().is_up(0)


async def test_those_who_ask_at_once_share_a_probe(settings, monkeypatch):
    asked = []

    async def probe(targets):
        asked.append(targets)
        await asyncio.sleep(0.01)
        return True

    monkeypatch.setattr("monitoring.engine.network._probe", probe)
    network, now = Network(), asyncio.get_running_loop().time()
    await asyncio.gather(*(network.is_up(now - 0.001) for _ in range(50)))
    assert len(asked) == 1
    await network.is_up(asyncio.get_running_loop().time())
    assert len(asked) == 2


def test_references_are_hosts_and_ports():
    given = ("1.1.1.1", "1.1.1.1:53", "[2001:db8::1]:53", "2001:db8::1", "a.org:80")
    assert [split(one) for one in given] == [
        ("1.1.1.1", 443), ("1.1.1.1", 53), ("2001:db8::1", 53), ("2001:db8::1", 443), ("a.org", 80),
    ]  # fmt: skip


def test_what_needs_no_network():
    assert all(
        is_loopback(one) for one in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "a.localhost.")
    )
    assert not any(is_loopback(one) for one in ("10.0.0.1", "example.org", "localhost.example.org"))


def test_a_way_out_is_looked_for_without_sending_anything():
    assert has_route() in (True, False)
