"""REST calls of one client, over its own line, with an eye on every answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import aiohttp

from tests.faults.ledger import NOTE, PUBLIC, Ledger
from tests.faults.screen import Json
from tests.faults.wire import Wire

PATIENCE = 3.0
"""Seconds until a client gives up on an answer and asks again."""
FORBIDDEN = {"alice": (NOTE,), "mallory": (NOTE, PUBLIC)}
ALWAYS_WRONG = (400, 401, 403, 405, 410, 413, 415)


class Answer(NamedTuple):
    status: int
    """0: none came; what was asked for may have happened or not."""
    body: Json

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))

    @property
    def is_unknown(self) -> bool:
        return self.status in (0, 429, 503)


class Rest:
    """Each call has a connection of its own, so a line can tell them apart."""

    def __init__(self, name: str, person: str, token: str, wire: Wire, ledger: Ledger) -> None:
        self.name, self.person, self.wire, self.ledger = name, person, wire, ledger
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def close(self) -> None:
        await self._http.close()

    async def call(self, method: str, path: str, **body: Any) -> Answer:
        address = f"http://127.0.0.1:{self.wire.port}{path}"
        try:
            async with asyncio.timeout(PATIENCE):
                async with self._http.request(method, address, json=body or None) as response:
                    text = await response.text()
            answer = Answer(response.status, json.loads(text))
        except (aiohttp.ClientError, TimeoutError, OSError):
            self.ledger.answers["none"] += 1
            return Answer(0, {})
        except ValueError:
            self.ledger.wrong(f"{self.name}: {method} {path} was answered with no JSON: {text[:200]!r}")
            return Answer(500, {})
        self._look(f"{method} {path}", answer, text)
        return answer

    def _look(self, what: str, answer: Answer, text: str) -> None:
        self.ledger.answers[str(answer.status)] += 1
        self.look_for_secrets(what, text)
        bad = answer.status >= 500 and answer.status != 503
        if bad or (answer.status in ALWAYS_WRONG and self.person != "mallory"):
            self.ledger.wrong(f"{self.name}: {what} was answered with {answer.status} {text[:300]}")

    def look_for_secrets(self, where: str, text: str) -> None:
        for word in FORBIDDEN.get(self.person, ()):
            if word in text:
                self.ledger.wrong(f"{self.name} was shown what it may not see, in {where}: {text[:300]}")
