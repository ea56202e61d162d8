from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from yarl import URL

from monitoring.types.base import Context, Failed, MonitorType, Result, Watched
from monitoring.web_requests import Wanted, request


class SocketIO(MonitorType):
    """Up while an Engine.IO server opens a session at the address."""

    name = "socketio"
    title = "Socket.IO"
    needs = ("url",)

    async def check(self, watched: Watched, context: Context) -> Result:
        url = URL(watched.url)
        if url.path in ("", "/"):
            url = url.with_path("/socket.io/")
        wanted = Wanted.of(watched, await token_for(watched, context))
        page = await request(context.connections, wanted.at(url.update_query(EIO="4", transport="polling")))
        facts: dict[str, Any] = {"status_code": page.status, "answer": page.text[:1000]}
        if page.status != 200:
            raise Failed(f"The answer is {page.status}", **facts)
        if not _opens(page.text):
            raise Failed("The answer opens no Engine.IO session", **facts)
        return Result(is_up=True, **facts)


async def token_for(watched: Watched, context: Context) -> str:
    return await context.token() if watched.uses_monitoring_token else ""


def _opens(text: str) -> bool:
    packet: Any = None
    with suppress(ValueError):
        packet = json.loads(text[1:]) if text.startswith("0") else None
    return isinstance(packet, dict) and bool(packet.get("sid"))
