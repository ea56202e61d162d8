"""What processes tell each other through Redis."""

from __future__ import annotations

import asyncio

import pytest
import redis.asyncio

from hazesite.realtime import bus
from tests.backends import private_redis

pytestmark = pytest.mark.redis


async def test_what_is_not_understood_makes_no_process_deaf(settings):
    """A process of another version may say what this one cannot read."""
    connected: list[bool] = []

    async def times(count: int) -> None:
        async with asyncio.timeout(15):
            while len(connected) < count:
                assert not listening.done()
                await asyncio.sleep(0.05)

    with private_redis() as server:
        settings.REDIS_URL = server.address
        listening = asyncio.create_task(bus.listen(lambda _shown: None, lambda: connected.append(True)))
        await times(1)
        async with redis.asyncio.Redis.from_url(server.address) as other:
            assert await other.publish(bus.channel(), b"what is this") == 1
            await times(2)
            assert await other.publish(bus.channel(), b"and this") == 1
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
