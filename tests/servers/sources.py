"""A Reddit, instances of Lemmy and a tracker.gg on 127.0.0.1: their documented shapes, and their bad days."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from tests.servers.loopback import Loopback

JSON = dict[str, Any]
Mood = Literal[
    "well",
    "slow",
    "hangs",
    "broken",
    "html",
    "huge",
    "limited",
    "failing",
    "forbidden",
    "cut",
    "drips",
    "moved",
]


@dataclass
class Asked:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class SourceServer(Loopback):
    """`mood` is how it answers next; `asked` is all it was asked."""

    mood: Mood = "well"
    retry_after: int = 30
    moved_to: str = ""
    seconds: float = 0.5
    """How long a slow answer takes."""
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(type(self).__name__, 0)
        self._let_go = asyncio.Event()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        return app

    def listens(self) -> None:
        self._let_go.clear()

    def falls_silent(self) -> None:
        self._let_go.set()

    @property
    def complaints(self) -> list[str]:
        return []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, request: web.Request) -> web.Response:
        raise NotImplementedError

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(Asked(request.path, dict(request.query), dict(request.headers)))
        mood = self.mood
        if mood in ("slow", "hangs"):
            await self._wait(60.0 if mood == "hangs" else self.seconds)
        if mood == "drips":
            return await self._drip(request)
        if mood == "cut":
            assert request.transport is not None
            request.transport.abort()
        if mood == "moved":
            return web.Response(status=302, headers={"Location": self.moved_to})
        found = BAD.get(mood)
        if found is not None:
            status, text, kind = found
            headers = {"Retry-After": str(self.retry_after)} if mood == "limited" else {}
            return web.Response(status=status, text=text, content_type=kind, headers=headers)
        return self.answer(request)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._let_go.wait()
        except TimeoutError:
            pass

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        """A byte now and then: no read takes long, the whole does."""
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(600):
            await response.write(b" ")
            await self._wait(0.1)
            if self._let_go.is_set():
                break
        return response


BAD: dict[str, tuple[int, str, str]] = {
    "broken": (200, '{"data": {"children": [{"kind"', "application/json"),
    "html": (200, "<!DOCTYPE html><title>Checking your browser</title>", "text/html"),
    "huge": (200, '{"data": "' + "x" * 4_000_000 + '"}', "application/json"),
    "limited": (429, '{"message": "Too Many Requests", "error": 429}', "application/json"),
    "failing": (500, "Internal Server Error", "text/plain"),
    "forbidden": (403, '{"message": "Forbidden", "error": 403}', "application/json"),
}


# --- Reddit ------------------------------------------------------------------
@dataclass
class RedditServer(SourceServer):
    """`/r/<names joined by +>/<sort>.json` gives the posts of these subreddits, best first."""

    posts: list[JSON] = field(default_factory=list)

    def post(self, title: str, url: str, *, subreddit: str = "memes", score: int = 500, **more: Any) -> None:
        number = f"t3_{len(self.posts):05}"
        data = {
            "id": number[3:], "name": number, "title": title, "subreddit": subreddit, "author": "someone",
            "url": url, "url_overridden_by_dest": url, "score": score, "ups": score, "over_18": False,
            "stickied": False, "is_video": False, "is_self": False, "spoiler": False, "post_hint": "image",
            "permalink": f"/r/{subreddit}/comments/{number[3:]}/", "created_utc": 1_700_000_000.0,
        }  # fmt: skip
        self.posts.append({"kind": "t3", "data": data | more})

    def pictures(self, count: int, **more: Any) -> None:
        for number in range(count):
            self.post(f"Meme {number}", f"https://i.redd.it/picture{number}.png", **more)

    def _is_in(self, post: Any, names: set[str]) -> bool:
        """What is misshapen comes from everywhere."""
        data = post["data"] if isinstance(post, dict) else {}
        return str(data.get("subreddit", "memes")).lower() in names

    def answer(self, request: web.Request) -> web.Response:
        parts = request.path.split("/")
        names = {name.lower() for name in parts[2].split("+")} if len(parts) == 4 else set()
        found = [one for one in self.posts if self._is_in(one, names)]
        if not names:
            return web.json_response({"message": "Not Found", "error": 404}, status=404)
        limit = int(request.query.get("limit", "25"))
        data = {"after": None, "before": None, "dist": len(found[:limit]), "children": found[:limit]}
        return web.json_response({"kind": "Listing", "data": data})


# --- Lemmy -------------------------------------------------------------------
@dataclass
class LemmyServer(SourceServer):
    """`/api/v3/post/list?community_name=`; an unknown community is the API's error of that name."""

    posts: list[JSON] = field(default_factory=list)

    def post(
        self, title: str, url: str | None, *, community: str = "memes", score: int = 60, **more: Any
    ) -> None:
        number = len(self.posts) + 1
        post = {
            "id": number, "name": title, "url": url, "nsfw": False, "removed": False, "deleted": False,
            "featured_community": False, "featured_local": False, "ap_id": f"http://{self.host}/post/{number}",
        }  # fmt: skip
        self.posts.append(
            {
                "post": post | more,
                "creator": {"id": 7, "name": "lemming", "actor_id": f"http://{self.host}/u/lemming"},
                "community": {"id": 3, "name": community, "nsfw": False},
                "counts": {
                    "post_id": number,
                    "score": score,
                    "upvotes": score,
                    "downvotes": 0,
                    "comments": 1,
                },
            }
        )

    def answer(self, request: web.Request) -> web.Response:
        if request.path != "/api/v3/post/list":
            return web.Response(status=404)
        name = request.query.get("community_name")
        found = [one for one in self.posts if one["community"]["name"] == name]
        if not found:
            return web.json_response({"error": "couldnt_find_community"}, status=404)
        return web.json_response({"posts": found[: int(request.query.get("limit", "10"))]})


# --- ranks -------------------------------------------------------------------
TITLES = {10: "Ranked Duel 1v1", 11: "Ranked Doubles 2v2", 13: "Ranked Standard 3v3"}


@dataclass
class RankServer(SourceServer):
    """`/standard/profile/<platform>/<username>`, for those who have the key."""

    key: str = "a-key-of-the-tests"
    season: int = 36
    players: dict[tuple[str, str], dict[int, JSON]] = field(default_factory=dict)

    def rank(self, platform: str, name: str, tier: str, *, playlist: int = 11, mmr: int = 1000) -> None:
        """What this player is in a playlist (10, 11 and 13 are 1v1, 2v2, 3v3) from now on."""
        segment = {
            "type": "playlist",
            "attributes": {"playlistId": playlist, "season": self.season},
            "metadata": {"name": TITLES[playlist]},
            "stats": {
                "tier": {"value": 1, "metadata": {"name": tier, "iconUrl": "https://trackercdn.com/x.png"}},
                "division": {"value": 1, "metadata": {"name": "Division II"}},
                "rating": {"value": mmr, "displayValue": f"{mmr:,}"},
            },
        }  # fmt: skip
        self.players.setdefault((platform, name.casefold()), {})[playlist] = segment

    def names(self) -> list[str]:
        """Who was asked for, in order."""
        return [one.path.rpartition("/")[2] for one in self.asked]

    def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("TRN-Api-Key") != self.key:
            return web.json_response({"message": "Invalid authentication credentials"}, status=401)
        *_path, platform, name = request.path.split("/")
        found = self.players.get((platform, name.casefold()))
        if found is None:
            error = {"code": "CollectorResultStatus::NotFound", "message": "We could not find the player."}
            return web.json_response({"errors": [error]}, status=404)
        old = {
            "type": "playlist",
            "attributes": {"playlistId": 13, "season": self.season - 1},
            "metadata": {"name": "Ranked Standard 3v3"},
            "stats": {"tier": {"metadata": {"name": "Supersonic Legend"}}, "rating": {"value": 1900}},
        }
        overview = {"type": "overview", "stats": {"seasonRewardLevel": {"value": 4}}}
        platform_info = {"platformSlug": platform, "platformUserHandle": name, "platformUserIdentifier": name}
        data = {"platformInfo": platform_info, "segments": [overview, old, *found.values()]}
        return web.json_response({"data": data})
