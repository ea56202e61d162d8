"""Counting in Redis, as Django's own cache counts, with fewer trips."""

from __future__ import annotations

import pytest
import redis

from hazesite.redis_cache import RedisCache
from tests.backends import private_redis

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def address():
    with private_redis() as server:
        yield server.address


def test_counts_go_up_and_keep_their_end(address):
    cache = RedisCache(address, {})
    assert cache.add("count", 1, 60)
    assert not cache.add("count", 1, 60)
    assert [cache.incr("count"), cache.incr("count", 3)] == [2, 5]
    assert cache.get("count") == 5
    (key,) = redis.Redis.from_url(address).keys("*count")
    assert 0 < redis.Redis.from_url(address).ttl(key) <= 60


def test_what_is_not_there_is_not_counted(address):
    cache = RedisCache(address, {})
    with pytest.raises(ValueError, match="not found"):
        cache.incr("nothing")
    assert cache.get("nothing") is None


def test_a_server_that_forgot_its_scripts_is_told_again(address):
    cache = RedisCache(address, {})
    cache.add("again", 1, 60)
    assert cache.incr("again") == 2
    redis.Redis.from_url(address).script_flush()
    assert cache.incr("again") == 3
