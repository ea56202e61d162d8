"""The web application: each request is noted, judged, may meet a fault, is done and answered."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import traceback
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.servers.fcm import faults, rules
from tests.servers.fcm.accounts import Clock, ServiceAccount
from tests.servers.fcm.control import Control
from tests.servers.fcm.errors import (
    FAILURES,
    Refused,
    failure,
    misshapen,
    no_grant,
)
from tests.servers.fcm.faults import Fault, Faults
from tests.servers.fcm.operations import Operations
from tests.servers.fcm.phones import Delivery, Phone, Phones
from tests.servers.fcm.shapes import read_request

PROXY_PAGE = (
    "<!DOCTYPE html><title>Error 502 (Server Error)!!1</title><p>The server encountered a temporary error."
)
REGISTRATION_TOKEN = re.compile(r"[\w-]{10,}:APA91b[\w-]{20,}")


@dataclass
class Request:
    method: str
    path: str
    at: float
    target: str | None = None
    status: int = 0


@dataclass
class Order:
    """A request to send that is in order. Nothing has been done about it yet."""

    target: str
    message: dict[str, Any]
    only_validate: bool


class Site:
    def __init__(self, project_id: str, key: RSAPrivateKey | None = None) -> None:
        self.clock = Clock()
        self.account = ServiceAccount(project_id, self.clock, key)
        self.phones = Phones(self.clock)
        self.faults, self.token_faults = faults.of_sending(), faults.of_tokens()
        self.latency = 0.0
        self.takes_any_token = False
        self.requests: list[Request] = []
        self.accepted: list[Delivery] = []
        self.complaints: list[str] = []
        """What this FCM could not do although the real one can."""
        self.token_uri = ""
        """Set by who listens on the port."""
        self.operations = Operations(self)

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/token", self.serve_token)
        app.router.add_post("/v1/projects/{project}/messages:send", self.serve_send)
        app.router.add_post("/_test/{method}", Control(self.operations).serve)
        app.router.add_route("*", "/{path:.*}", self.no_such_route)
        return app

    def note(self, request: web.Request) -> Request:
        record = Request(request.method, request.path, self.clock.now())
        self.requests.append(record)
        return record

    async def serve_token(self, request: web.Request) -> web.Response:
        record = self.note(request)
        if fault := self.token_faults.meet():
            return await self.fail(request, record, fault, self.token_faults)
        try:
            return reply(record, 200, self.account.grant(dict(await request.post()), self.token_uri))
        except Refused as refusal:
            return reply(record, refusal.status, refusal.body, refusal.headers)

    async def serve_send(self, request: web.Request) -> web.Response:
        record = self.note(request)
        try:
            return await self.send(request, record)
        except Refused as refusal:
            return reply(record, refusal.status, refusal.body, refusal.headers)
        except Exception:
            self.complaints.append(traceback.format_exc())
            refusal = failure("INTERNAL")
            return reply(record, refusal.status, refusal.body)

    async def send(self, request: web.Request, record: Request) -> web.Response:
        self.account.authorise(request.headers.get("Authorization", ""), request.match_info["project"])
        order = read_order(await request.read())
        record.target = order.target
        if self.latency:
            await asyncio.sleep(self.latency)
        fault = self.faults.meet(order.target)
        if fault and not fault.done:
            return await self.fail(request, record, fault, self.faults)
        name = self.carry_out(order)
        if fault:
            return await self.fail(request, record, fault, self.faults)
        return reply(record, 200, {"name": name})

    def carry_out(self, order: Order) -> str:
        """Gives the message's name. Raises Refused."""
        phones = self.reached(order.message)
        prefix = f"projects/{self.account.project_id}/messages/"
        if order.only_validate:
            return prefix + "fake_message_id"
        now = self.clock.now()
        name = f"{prefix}0:{int(now * 1_000_000)}%{secrets.token_hex(8)}"
        deliveries = [Delivery(name, phone.token, now, order.message) for phone in phones]
        self.accepted += deliveries or [Delivery(name, order.target, now, order.message)]
        for phone, delivery in zip(phones, deliveries, strict=True):
            phone.push(delivery)
        return name

    def reached(self, message: dict[str, Any]) -> list[Phone]:
        known = self.phones.by_token
        if "topic" in message:
            return [phone for phone in known.values() if message["topic"] in phone.topics]
        if "condition" in message:
            return [phone for phone in known.values() if rules.holds(message["condition"], phone.topics)]
        if "fid" in message:
            phone = self.phones.by_fid.get(message["fid"])
        else:
            phone = known.get(message["token"]) or self.unregistered(message["token"])
        if phone is None:
            raise failure("UNREGISTERED")
        return [phone]

    def unregistered(self, token: str) -> Phone | None:
        """None when it may once have been one. Raises Refused for what was never a token."""
        if token in self.phones.gone:
            return None
        if self.takes_any_token:
            return self.phones.register("android", token)
        if not REGISTRATION_TOKEN.fullmatch(token):
            raise failure("INVALID_ARGUMENT")
        return None

    async def fail(self, request: web.Request, record: Request, fault: Fault, among: Faults) -> web.Response:
        if fault.what == "hang":
            await among.hang(fault.seconds)
        if fault.what in ("hang", "cut"):
            if request.transport:
                request.transport.abort()
            return web.Response(status=500)
        if fault.what in FAILURES:
            raise failure(fault.what, fault.retry_after)
        if fault.what == "502":
            record.status = 502
            return web.Response(status=502, text=PROXY_PAGE, content_type="text/html")
        refusal = no_grant("invalid_grant", "Invalid JWT Signature.")
        if fault.what == "500":
            refusal = no_grant("internal_failure", "Backend Error", 500)
        return reply(record, refusal.status, refusal.body)

    async def no_such_route(self, request: web.Request) -> web.Response:
        """The real FCM may well have it: that this one lacks it must not pass unseen."""
        self.complaints.append(f"no route {request.method} {request.path}")
        return reply(self.note(request), 404, {"error": {"code": 404, "status": "NOT_FOUND"}})


def read_order(content: bytes) -> Order:
    """Raises Refused."""
    try:
        body = json.loads(content)
    except ValueError:
        raise misshapen([("", "Invalid JSON payload received.")]) from None
    asked, violations = read_request(body)
    if violations:
        raise misshapen(violations)
    message = asked.get("message", {})
    rules.check(message)
    target = next(message[name] for name in ("token", "fid", "topic", "condition") if message.get(name))
    return Order(target, message, asked.get("validate_only", False))


def reply(
    record: Request, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> web.Response:
    record.status = status
    return web.json_response(body, status=status, headers=headers)
