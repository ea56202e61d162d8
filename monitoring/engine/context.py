from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from accounts import monitoring_tokens
from monitoring.connecting import Connections

T = TypeVar("T")
TOKEN_SECONDS = 5.0
Database = Callable[..., Awaitable[Any]]


class EngineContext:
    """What checks are given (`monitoring.types.Context`)."""

    def __init__(self, connections: Connections, now: Callable[[], datetime], database: Database) -> None:
        self.connections = connections
        self.now = now
        self.database = database
        self._token, self._token_until = "", 0.0

    async def token(self) -> str:
        """Looked up anew every few seconds: a rotation makes no check fail."""
        moment = asyncio.get_running_loop().time()
        if moment >= self._token_until:
            self._token = await self.database(monitoring_tokens.own_token)
            self._token_until = moment + TOKEN_SECONDS
        return self._token
