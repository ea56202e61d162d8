"""Rate limits as Discord has them: a bucket for each route and place, one for the bot, and a hidden one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord.state import Channel, Clock

Key = tuple[str, str]
RENAMES, RENAME_SECONDS = 2, 600.0
DEFAULTS: dict[str, tuple[int, float]] = {
    "POST /channels/{channel}/messages": (5, 5.0),
    "PATCH /channels/{channel}/messages/{message}": (5, 5.0),
    "DELETE /channels/{channel}/messages/{message}": (5, 1.0),
    "POST /webhooks/{webhook}/{token}": (5, 5.0),
    "PATCH /webhooks/{webhook}/{token}/messages/{message}": (5, 5.0),
}
OTHERS = (50, 1.0)
AT_ALL = (50, 1.0)


@dataclass
class Window:
    ends: float
    used: int = 0


@dataclass
class Refusal:
    """A request that came too early."""

    wait: float
    scope: str

    def body(self) -> dict[str, Any]:
        return {
            "message": "You are being rate limited.",
            "retry_after": round(self.wait, 3),
            "global": self.scope == "global",
        }

    def headers(self) -> dict[str, str]:
        shown = {"Retry-After": str(int(self.wait) + 1), "X-RateLimit-Scope": self.scope}
        return shown | {"X-RateLimit-Global": "true"} if self.scope == "global" else shown


@dataclass
class Limits:
    """`routes` and `at_all` hold (requests, seconds) and may be changed; `on = False` lets all through."""

    clock: Clock
    on: bool = True
    routes: dict[str, tuple[int, float]] = field(default_factory=lambda: dict(DEFAULTS))
    others: tuple[int, float] = OTHERS
    at_all: tuple[int, float] = AT_ALL
    windows: dict[Key, Window] = field(default_factory=dict)

    def take(self, route: str, place: str, *, by_bot: bool) -> tuple[dict[str, str], Refusal | None]:
        """Counts a request; gives the headers of its bucket, and the refusal when there is no room."""
        if not self.on:
            return {}, None
        late = self.overdrawn(("global", ""), self.at_all) if by_bot else None
        if late:
            return {}, Refusal(late, "global")
        limit = self.routes.get(route, self.others)
        late = self.overdrawn((route, place), limit)
        headers = self.headers(route, place, limit)
        return (headers, Refusal(late, "user")) if late else (headers, None)

    def overdrawn(self, key: Key, limit: tuple[int, float]) -> float | None:
        """Seconds until there is room again, or None when the request was counted."""
        count, seconds = limit
        now = self.clock.now()
        window = self.windows.get(key)
        if window is None or window.ends <= now:
            window = self.windows[key] = Window(now + seconds)
        if window.used >= count:
            return window.ends - now
        window.used += 1
        return None

    def headers(self, route: str, place: str, limit: tuple[int, float]) -> dict[str, str]:
        window = self.windows[route, place]
        return {
            "X-RateLimit-Limit": str(limit[0]),
            "X-RateLimit-Remaining": str(max(limit[0] - window.used, 0)),
            "X-RateLimit-Reset": f"{window.ends:.3f}",
            "X-RateLimit-Reset-After": f"{max(window.ends - self.clock.now(), 0):.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
        }

    def rename(self, channel: Channel) -> Refusal | None:
        """Name and topic change twice in ten minutes; no header tells of it beforehand."""
        now = self.clock.now()
        channel.renamed_at = [at for at in channel.renamed_at if at > now - RENAME_SECONDS]
        if self.on and len(channel.renamed_at) >= RENAMES:
            return Refusal(channel.renamed_at[0] + RENAME_SECONDS - now, "user")
        channel.renamed_at.append(now)
        return None
