"""The gateway, version 10: sessions that outlive their socket, each with all it was told."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.servers.discord import payloads
from tests.servers.discord.community import PRIVILEGED_INTENTS, Community, Event
from tests.servers.discord.hearing import GUILD_EVENTS, hears, retold
from tests.servers.discord.shapes import check_event

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT = 0, 1, 2, 6, 7
PRESENCE, VOICE_STATE, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 3, 4, 8, 9, 10, 11
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4001, 4002, 4003, 4004
ALREADY_AUTHENTICATED, TIMED_OUT, INVALID_INTENTS, DISALLOWED_INTENTS = 4005, 4009, 4013, 4014
ALL_INTENTS = (1 << 26) - 1
CHUNK = 1000


@dataclass(eq=False)
class Line:
    """One connected socket, written to by a task of its own so that telling never waits."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    to_send: asyncio.Queue[str | int] = field(default_factory=asyncio.Queue)
    """Frames, or the code to close with."""
    session: Session | None = None
    closed_by_us: bool = False

    def send(self, op: int, data: Any = None, *, name: str | None = None, number: int | None = None) -> None:
        self.to_send.put_nowait(json.dumps({"op": op, "d": data, "t": name, "s": number}))

    def close(self, code: int) -> None:
        self.closed_by_us = True
        self.to_send.put_nowait(code)

    async def write(self) -> None:
        while True:
            frame = await self.to_send.get()
            if isinstance(frame, int):
                await self.socket.close(code=frame, drain=True)
                return
            try:
                await self.socket.send_str(frame)
            except ConnectionError:
                return  # the reading side ends as well, and hangs up


@dataclass(eq=False)
class Session:
    id: str
    intents: int
    number: int = 0
    told: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    """Everything this session was ever told, for a resume: number, event, data."""
    line: Line | None = None

    def tell(self, name: str, data: dict[str, Any]) -> None:
        self.number += 1
        self.told.append((self.number, name, data))
        if self.line:
            self.line.send(DISPATCH, data, name=name, number=self.number)


class Gateway:
    """Takes sockets and tells them what happens. The switches are for tests."""

    def __init__(self, community: Community) -> None:
        self.community = community
        self.sessions: dict[str, Session] = {}
        self.lines: set[Line] = set()
        self.paused = self.guild_is_away = False
        self.acknowledges = True
        self.resumes = True
        self.identified = 0
        self.resumed = 0
        self.goodbyes: list[int | None] = []
        self.presences: list[dict[str, Any]] = []
        """The codes clients closed with; None where one was just gone."""
        community.listeners.append(self.happened)

    def happened(self, event: Event) -> None:
        if problem := check_event(event.name, event.data):
            self.community.complaints.append(problem)
        if self.guild_is_away and event.name not in GUILD_EVENTS:
            return
        for session in self.sessions.values():
            if hears(self.community, session.intents, event):
                session.tell(event.name, retold(self.community, session.intents, event))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.paused:
            return web.Response(status=503, text="The gateway is away.")
        socket = web.WebSocketResponse(max_msg_size=4096)
        await socket.prepare(request)
        transport = request.transport
        line = Line(socket, transport if isinstance(transport, asyncio.Transport) else None)
        self.lines.add(line)
        writing = asyncio.create_task(line.write())
        line.send(HELLO, {"heartbeat_interval": self.community.portal.heartbeat_ms})
        try:
            await self.listen(line)
        finally:
            writing.cancel()
            self.hang_up(line)
        return socket

    async def listen(self, line: Line) -> None:
        portal = self.community.portal
        patience = portal.heartbeat_ms / 1000 * 2 + portal.heartbeat_grace
        while True:
            try:
                frame = await line.socket.receive(timeout=patience)
            except TimeoutError:
                line.closed_by_us = True
                await line.socket.close(code=TIMED_OUT)
                return
            if frame.type is not WSMsgType.TEXT:
                return
            try:
                said = json.loads(frame.data)
                self.take(line, said["op"], said.get("d"))
            except (ValueError, KeyError, TypeError):
                line.close(DECODE_ERROR)

    def hang_up(self, line: Line) -> None:
        """Only a client that says goodbye with 1000 or 1001 ends its session."""
        self.lines.discard(line)
        session = line.session
        if not line.closed_by_us:
            self.goodbyes.append(line.socket.close_code)
        if session and session.line is line:
            session.line = None
            if line.socket.close_code in (1000, 1001) and not line.closed_by_us:
                self.sessions.pop(session.id, None)

    def take(self, line: Line, op: int, data: Any) -> None:
        if op == HEARTBEAT:
            if self.acknowledges:
                line.send(HEARTBEAT_ACK)
        elif op == IDENTIFY:
            self.identify(line, data)
        elif op == RESUME:
            self.resume(line, data)
        elif line.session is None:
            line.close(NOT_AUTHENTICATED)
        elif op == REQUEST_MEMBERS:
            self.send_members(line.session, data)
        elif op == PRESENCE:
            self.presences.append(data)
        elif op != VOICE_STATE:
            line.close(UNKNOWN_OPCODE)

    def identify(self, line: Line, data: dict[str, Any]) -> None:
        intents = int(data["intents"])
        if refused := self.refusal(line, data["token"], intents):
            line.close(refused)
            return
        session = Session(secrets.token_hex(16), intents, line=line)
        line.session = session
        self.sessions[session.id] = session
        self.identified += 1
        self.welcome(session)

    def refusal(self, line: Line, token: str, intents: int) -> int | None:
        """The code to close with, for who may not identify so."""
        if line.session:
            return ALREADY_AUTHENTICATED
        if not self.knows(token):
            return AUTHENTICATION_FAILED
        if intents & ~ALL_INTENTS:
            return INVALID_INTENTS
        off = PRIVILEGED_INTENTS & ~self.community.portal.privileged_intents
        return DISALLOWED_INTENTS if intents & off else None

    def knows(self, token: str) -> bool:
        return token.removeprefix("Bot ") == self.community.portal.token

    def welcome(self, session: Session) -> None:
        community = self.community
        guild_id, is_member = str(community.guild_id), community.bot.id in community.members
        application = payloads.application(community)
        session.tell("READY", {
            "v": 10,
            "user": payloads.account(community.bot),
            "guilds": [{"id": guild_id, "unavailable": True}] if is_member else [],
            "session_id": session.id,
            "resume_gateway_url": community.base_url.replace("http", "ws", 1),
            "session_type": "normal",
            "private_channels": [],
            "application": {"id": application["id"], "flags": application["flags"]},
        })  # fmt: skip
        if session.intents & 1 and is_member and not self.guild_is_away:
            session.tell("GUILD_CREATE", self.whole_guild() | {"unavailable": False})

    def lose_guild(self, **more: bool) -> None:
        """The bot was thrown out, or, with `unavailable`, the guild cannot be reached."""
        self.happened(Event("GUILD_DELETE", {"id": str(self.community.guild_id), **more}))

    def tell_guild(self, **more: bool) -> None:
        """The bot came in, or, with `unavailable` false, the guild can be reached again."""
        self.happened(Event("GUILD_CREATE", self.whole_guild() | more))

    def whole_guild(self) -> dict[str, Any]:
        """As for a large guild: of the members only the bot, the others on request."""
        community = self.community
        channels = [
            payloads.channel(community, one) for one in community.channels.values() if one.recipients == []
        ]
        seen = [
            payloads.channel(community, one)
            for one in community.channels.values()
            if one.thread and not one.thread.archived and community.sees(community.bot, one)
        ]
        me = community.members[community.bot.id]
        return payloads.guild(community) | {
            "joined_at": payloads.when(me.joined_at),
            "large": len(community.members) > 250,
            "member_count": len(community.members),
            "members": [payloads.member(community, me)],
            "channels": [one for one in channels if "thread_metadata" not in one],
            "threads": seen,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def resume(self, line: Line, data: dict[str, Any]) -> None:
        if not self.knows(data["token"]):
            line.close(AUTHENTICATION_FAILED)
            return
        session = self.sessions.get(data["session_id"])
        if session is None or not self.resumes or data["seq"] > session.number:
            self.sessions.pop(data["session_id"], None)
            line.send(INVALID_SESSION, False)
            return
        if session.line:
            session.line.close(4000)
        session.line, line.session = line, session
        self.resumed += 1
        for number, name, told in session.told:
            if number > data["seq"]:
                line.send(DISPATCH, told, name=name, number=number)
        session.number += 1
        line.send(DISPATCH, {"_trace": []}, name="RESUMED", number=session.number)

    def send_members(self, session: Session, data: dict[str, Any]) -> None:
        """The members asked for by id or by the start of their name, a thousand in each answer."""
        wanted = data.get("user_ids")
        asked = {int(one) for one in (wanted if isinstance(wanted, list) else [wanted])} if wanted else None
        start = (data.get("query") or "").lower()
        found = [
            payloads.member(self.community, one)
            for one in self.community.members.values()
            if (one.person.id in asked if asked is not None else one.person.name.lower().startswith(start))
        ]
        found = found[: data.get("limit") or None]
        missing = sorted((asked or set()) - set(self.community.members))
        chunks = [found[at : at + CHUNK] for at in range(0, len(found), CHUNK)] or [[]]
        for index, chunk in enumerate(chunks):
            body: dict[str, Any] = {
                "guild_id": str(self.community.guild_id),
                "members": chunk,
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": [str(one) for one in missing],
            }
            session.tell(
                "GUILD_MEMBERS_CHUNK", body | ({"nonce": data["nonce"]} if data.get("nonce") else {})
            )

    def close_all(self, code: int) -> None:
        for line in self.lines:
            line.close(code)

    def abort_all(self) -> None:
        for line in self.lines:
            if line.transport:
                line.transport.abort()

    def send_all(self, op: int, data: Any = None, *, forget: bool = False) -> None:
        for line in self.lines:
            line.send(op, data)
            if forget and line.session:
                self.sessions.pop(line.session.id, None)
