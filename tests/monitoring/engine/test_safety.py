"""Where checks may connect to, judged at each connection."""

from __future__ import annotations

import pytest

from hazesite.outbound import AddressRefused
from monitoring.connecting import Connections
from tests.monitoring.engine.stage import Surroundings

REFUSED = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0", "localhost", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "[fe80::1]", "[fd00::1]",
    "100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "0.0.0.0", "255.255.255.255",
]  # fmt: skip


@pytest.mark.parametrize("host", REFUSED)
@pytest.mark.parametrize("kind", ["http", "port", "tls"])
async def test_private_targets_are_refused(guarded, targets, host, kind):
    port = targets.port
    given = (
        {"url": f"http://{host}:{port}/ok"} if kind == "http" else {"host": host.strip("[]"), "port": port}
    )
    result = await guarded.check(kind, **given)
    # Of what only looks like an address aiohttp asks nobody.
    assert result.error.startswith("Not watched from here:") or "not a canonical IPv4" in result.error, result
    assert result.is_up is False


async def test_ping_too(guarded):
    assert "Not watched from here" in (await guarded.check("ping", host="127.0.0.1")).error


async def test_this_site_may_always_be_watched(guarded, targets, settings):
    settings.PUBLIC_URL = targets.base_url
    assert (await guarded.check(url=f"{targets.base_url}/ok")).is_up
    assert (await guarded.check("port", host="127.0.0.1", port=targets.port)).is_up
    other = await guarded.check("port", host="127.0.0.1", port=targets.port + 1)
    assert "Not watched from here" in other.error


async def test_a_redirect_into_the_private_is_refused(guarded, targets, settings):
    settings.PUBLIC_URL = targets.base_url
    for host in ("localhost", "[::ffff:127.0.0.1]", "169.254.169.254"):
        result = await guarded.check(url=f"{targets.base_url}/to?url=http://{host}:{targets.port}/ok")
        assert (result.is_up, "Not watched from here" in result.error) == (False, True), host


async def test_private_targets_where_they_are_allowed(here, targets):
    for host in ("127.0.0.1", "localhost"):
        assert (await here.check(url=f"http://{host}:{targets.port}/ok")).is_up


async def test_a_name_that_changes_is_judged_each_time(targets):
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    connections = Connections(resolver=lambda _host, _port: next(answers))
    assert await connections.addresses("rebinding.example", targets.port) == ["93.184.216.34"]
    result = await Surroundings(connections).check(url=f"http://rebinding.example:{targets.port}/ok")
    await connections.close()
    assert "Not watched from here" in result.error


async def test_one_private_address_among_public_ones_is_enough(targets):
    connections = Connections(resolver=lambda _host, _port: ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(AddressRefused):
        await connections.addresses("two-faced.example", 80)
    await connections.close()


async def test_the_connection_goes_to_what_was_judged(targets, settings):
    asked = []

    def resolver(host, _port):
        asked.append(host)
        return ["127.0.0.1"]

    settings.MONITOR_ALLOW_PRIVATE_TARGETS = True
    connections = Connections(resolver=resolver)
    result = await Surroundings(connections).check(url=f"http://any.example:{targets.port}/ok")
    await connections.close()
    assert (result.is_up, asked) == (True, ["any.example"])
