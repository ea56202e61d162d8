"""The web application: each request is noted, may meet a fault, is counted, done, checked and answered."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.servers.discord import oauth
from tests.servers.discord.community import Community
from tests.servers.discord.control import Control
from tests.servers.discord.errors import ApiError, number, unauthorized
from tests.servers.discord.faults import AFTER, Fault, Faults, Mode
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.interface import Interface
from tests.servers.discord.limits import Limits, Refusal
from tests.servers.discord.operations import Operations
from tests.servers.discord.people import People
from tests.servers.discord.rest import channels, commands, guild, interactions, messages, threads, webhooks
from tests.servers.discord.rest.channels import TooManyRenames
from tests.servers.discord.rest.door import DOORS, Call, Door, Upload
from tests.servers.discord.shapes import broken
from tests.servers.discord.state import AccessToken, Request

PREFIXES = ("/api/v10", "/api")
TOPICS = (oauth, channels, commands, guild, interactions, messages, threads, webhooks)
"""Importing them made `DOORS`."""
BIGGEST_REQUEST = 128 * 1024 * 1024


class Site:
    def __init__(self, community: Community) -> None:
        self.community = community
        self.gateway = Gateway(community)
        self.limits = Limits(community.clock)
        self.faults = Faults()
        self.people = People(community)
        self.interface = Interface(community, self.people)
        self.operations = Operations(self)
        self.go_away: Callable[[float], None] = lambda _seconds: None
        """Set by who listens on the port."""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BIGGEST_REQUEST)
        app.router.add_get("/", self.gateway.serve)
        for prefix in PREFIXES:
            for door in DOORS:
                app.router.add_route(door.method, prefix + door.path, self.through(door))
        app.router.add_get(
            "/oauth2/authorize", self.through(next(d for d in DOORS if d.path == "/oauth2/authorize"))
        )
        app.router.add_post("/_test/{method}", Control(self).serve)
        app.router.add_get("/attachments/{channel}/{attachment}/{filename}", self.serve_file)
        app.router.add_route("*", "/{path:.*}", self.no_such_route)
        return app

    def through(self, door: Door) -> Any:
        async def serve(request: web.Request) -> web.StreamResponse:
            record = self.note(request)
            fault = self.faults.meet(record.method, record.path)
            if fault and fault.mode not in AFTER:
                return await self.fail(request, record, fault)
            answer = await self.perform(request, record, door)
            if fault:
                return await self.fail(request, record, fault)
            record.status = answer.status
            return answer

        return serve

    def note(self, request: web.Request) -> Request:
        path = request.path
        for prefix in PREFIXES:
            path = path.removeprefix(prefix)
        reason = request.headers.get("X-Audit-Log-Reason")
        record = Request(request.method, path, self.community.clock.now(), dict(request.query), reason=reason)
        self.community.requests.append(record)
        return record

    async def fail(self, request: web.Request, record: Request, fault: Fault) -> web.StreamResponse:
        if fault.mode in (Mode.HANG, Mode.DO_AND_HANG):
            await self.faults.hang(fault)
        if fault.mode not in (Mode.ANSWER, Mode.DO_AND_ANSWER):
            if request.transport:
                request.transport.abort()
            return web.Response(status=500)
        record.status = fault.status
        if fault.status == 429:
            refused = Refusal(fault.retry_after, "shared")
            return reply(429, refused.body(), refused.headers(), via=fault.through_proxy)
        return web.Response(status=fault.status, text="upstream connect error")

    async def perform(self, request: web.Request, record: Request, door: Door) -> web.StreamResponse:
        headers: dict[str, str] = {}
        try:
            bearer = self.who(request, door)
            place = "/".join(
                request.match_info.get(name, "") for name in ("channel", "guild", "webhook", "token")
            )
            headers, refused = self.limits.take(
                door.route, place, by_bot=door.auth != "none" and bearer is None
            )
            if refused:
                return reply(429, refused.body(), headers | refused.headers())
            call = Call(
                self.community, self.limits, dict(request.match_info), dict(request.query),
                headers=request.headers, bearer=bearer,
            )  # fmt: skip
            check_ids(call.path)
            await read(request, call)
            record.body = call.body
            return self.answer(door, await door.handler(call), headers)
        except ApiError as error:
            return self.checked(error.status, error.shape, error.body(), headers)
        except TooManyRenames as late:
            return reply(429, late.refusal.body(), headers | late.refusal.headers())
        except Exception:
            self.community.complaints.append(f"{door.route}: {traceback.format_exc()}")
            return reply(500, {"message": "500: Internal Server Error", "code": 0}, headers)

    def who(self, request: web.Request, door: Door) -> AccessToken | None:
        """The access token of a person, None for the bot. Raises 401."""
        if door.auth == "none":
            return None
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind == "Bot" and door.auth in ("bot", "either") and token == self.community.portal.token:
            return None
        known = self.community.tokens.get(token) if kind == "Bearer" else None
        if door.auth == "bot" or known is None or known.expires_at < self.community.clock.now():
            raise unauthorized()
        return known

    def answer(self, door: Door, result: Any, headers: dict[str, str]) -> web.StreamResponse:
        if isinstance(result, web.StreamResponse):
            return result
        if result is None and door.shape and door.status == 200:
            return web.Response(status=204, headers=headers | {"Via": "1.1 google"})
        if door.shape is None:
            return web.Response(status=door.status, headers=headers | {"Via": "1.1 google"})
        return self.checked(door.status, door.shape, result, headers)

    def checked(self, status: int, shape: str, body: Any, headers: dict[str, str]) -> web.StreamResponse:
        if problem := broken(shape, body):
            self.community.complaints.append(problem)
            return reply(500, {"message": problem, "code": 0}, headers)
        return reply(status, body, headers)

    async def serve_file(self, request: web.Request) -> web.StreamResponse:
        """A file of a message, for as long as its address is signed for."""
        record = self.note(request)
        if fault := self.faults.meet("GET", record.path):
            return await self.fail(request, record, fault)
        known = self.community.attachments.get(int(request.match_info["attachment"]))
        try:
            expires, issued = (int(request.query[name], 16) for name in ("ex", "is"))
        except (KeyError, ValueError):
            expires = issued = 0
        signed = self.community.signature(request.path, expires, issued) == request.query.get("hm")
        found = known and signed and expires > self.community.clock.now()
        record.status = 200 if found else 404
        if not (known and found):
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(
            body=known[1].content, content_type=known[1].content_type or "application/octet-stream"
        )

    async def no_such_route(self, request: web.Request) -> web.StreamResponse:
        """Real Discord may well have it: that this one lacks it must not pass unseen."""
        record = self.note(request)
        record.status = 404
        self.community.complaints.append(f"no route {request.method} {request.path}")
        return reply(404, {"message": "404: Not Found", "code": 0})


def reply(status: int, body: Any, headers: dict[str, str] | None = None, *, via: bool = True) -> web.Response:
    """JSON with the content type Discord gives it: without a charset."""
    more = {"Content-Type": "application/json"} | ({"Via": "1.1 google"} if via else {})
    return web.Response(status=status, body=json.dumps(body).encode(), headers=(headers or {}) | more)


NOT_IDS = {"token", "kind"}


def check_ids(path: dict[str, str]) -> None:
    for name, value in path.items():
        if name not in NOT_IDS and value not in ("@me", "@original"):
            number(name, value)


async def read(request: web.Request, call: Call) -> None:
    """Raises 400 for JSON that is none."""
    kind = request.content_type
    try:
        if kind == "application/json" and request.can_read_body:
            call.body = json.loads(await request.read())
        elif kind == "multipart/form-data":
            await read_parts(request, call)
        elif kind == "application/x-www-form-urlencoded" and request.can_read_body:
            call.body = dict(await request.post())
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


async def read_parts(request: web.Request, call: Call) -> None:
    for name, part in (await request.post()).items():
        if isinstance(part, web.FileField):
            call.uploads[name] = Upload(part.filename, part.file.read())
        elif name == "payload_json":
            call.body = json.loads(str(part))
