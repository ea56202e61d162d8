"""One publication to the hub of every process: straight into this one's, through Redis to the others'.

Best effort by design. The rows are the truth, and each hub compares itself with them; a publication
that is lost here costs seconds, never a message.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import cache

import redis
import redis.asyncio
import structlog
from django.conf import settings

from hazesite.breaker import Breaker
from hazesite.realtime.publication import Publication

logger = structlog.get_logger(__name__)
ORIGIN = secrets.token_hex(8)

Receiver = Callable[[Publication], None]
_local: Receiver | None = None
_breaker = Breaker()


def connect(receiver: Receiver | None) -> None:
    """Where this process's own publications go. Called by the hub; must be safe from any thread."""
    global _local
    _local = receiver


def send(publication: Publication) -> None:
    """Tell this process at once and, with Redis, all others. From any thread; never raises."""
    if _local is not None:
        _local(publication)
    if not settings.REDIS_URL or _breaker.is_open:
        return
    try:
        _redis(settings.REDIS_URL).publish(channel(), publication.encode(ORIGIN))
    except redis.RedisError as error:
        _breaker.trip()
        logger.warning("bus_send_failed", error=repr(error))


@cache
def channel() -> str:
    """Redis has one name space for channels across its databases; ours is for this installation alone."""
    digest = hmac.new(settings.SECRET_KEY.encode(), b"hazesite.realtime", hashlib.sha256)
    return f"hazesite:{digest.hexdigest()[:24]}"


@cache
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


async def listen(receive: Receiver, connected: Callable[[], None]) -> None:
    """Hand over what other processes publish, for ever; `connected` after each (re)connection."""
    while True:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=2
        )
        try:
            async with client, client.pubsub() as pubsub:
                await pubsub.subscribe(channel())
                connected()
                await _forward(pubsub, receive)
        except (TimeoutError, redis.RedisError, OSError) as error:
            logger.warning("bus_listener_failed", error=repr(error))
        except Exception as error:  # what another process said and this one does not understand, say
            logger.exception("bus_listener_failed", error=repr(error))
        await asyncio.sleep(1)


async def _forward(pubsub: redis.asyncio.client.PubSub, receive: Receiver) -> None:
    while True:
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=15)
        if message is None:
            # A silent link may be a dead one. The wait is bounded, so that it is noticed.
            await asyncio.wait_for(pubsub.ping(), 5)
            continue
        if message["type"] != "message":
            continue
        origin, publication = Publication.decode(message["data"])
        if origin != ORIGIN:
            receive(publication)
