"""Django's Redis cache as limits need it: a client that is made once, and counting in one trip."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.cache.backends import redis

INCREMENT = "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('INCRBY', KEYS[1], ARGV[1]) end"
"""Asking and counting at once also leaves no count without an end where the old one ended in between."""


class Client(redis.RedisCacheClient):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Django makes one for each call, which costs as much as the call.
        self._made = cache(self._make)
        self._increment = cache(lambda: self.get_client(write=True).register_script(INCREMENT))

    def _make(self, write: bool) -> Any:
        return super().get_client(write=write)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._made(write)

    def incr(self, key: Any, delta: int) -> int:
        count = self._increment()(keys=[key], args=[delta])
        if count is None:
            raise ValueError(f"Key {key!r} not found.")  # as Django says
        return int(count)


class RedisCache(redis.RedisCache):
    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client
