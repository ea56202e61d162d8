"""A mail server on 127.0.0.1 that keeps what it takes, and misbehaves when told to.

A fault is for what the client has just said: `connect`, `MAIL`, `RCPT` or `DATA`. After the last one the mail
may be taken all the same, with the answer lost.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from typing import Any, Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

NAME, PASSWORD = "haze", "a-password-of-the-tests"
LOSE_ANSWER, HANG_UP, HANG = "lose answer", "hang up", "hang"


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@dataclass
class Letters:
    """What was taken, in order, and what is wrong with the server at the moment."""

    taken: list[EmailMessage] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))

    def fault(self, at: str, answer: str, times: int = 1) -> None:
        """`answer` is a line such as `450 4.2.0 Later`, or one of the names above."""
        self.faults[at].extend([answer] * times)

    def due(self, at: str) -> str:
        return self.faults[at].popleft() if self.faults[at] else ""


class Handler:
    def __init__(self, letters: Letters) -> None:
        self.letters = letters

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await _answer(server, self.letters.due("MAIL")) or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await _answer(server, self.letters.due("RCPT")):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self.letters.due("DATA")
        if not fault or fault == LOSE_ANSWER:
            self.letters.taken.append(_parsed(envelope))
            assert server.transport is not None
            encrypted = server.transport.get_extra_info("sslcontext") is not None
            said = {"tls": encrypted, "login": session.auth_data}
            self.letters.sessions.append(said)
        return await _answer(server, fault) or "250 OK"


def _parsed(envelope: Envelope) -> EmailMessage:
    content = envelope.content
    assert isinstance(content, bytes)
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def _answer(server: SMTP, fault: str) -> str:
    if fault == HANG:
        await asyncio.sleep(3600)
    if fault in (LOSE_ANSWER, HANG_UP):
        assert server.transport is not None
        server.transport.abort()
        return "421 Gone"
    return fault


def _signs_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        NAME.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=False, auth_data=NAME if right else None)


class MailServer:
    """`encryption`: `none`, `starttls` or `implicit`. With `signed_in` it takes mail of `NAME` alone."""

    def __init__(self, encryption: str = "none", *, signed_in: bool = False, host: str = "localhost") -> None:
        self.letters, self.encryption, self.signed_in = Letters(), encryption, signed_in
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="smtp", daemon=True)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority().issue_cert(host).configure_cert(self._context)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.BaseTransport] = set()

    def _protocol(self) -> SMTP:
        starttls = self.encryption == "starttls"
        server = Connection(
            Handler(self.letters),
            hostname="localhost",
            loop=self.loop,
            tls_context=self._context if starttls else None,
            require_starttls=starttls,
            authenticator=_signs_in,
            auth_required=self.signed_in,
            auth_require_tls=starttls,
        )
        server.kept_by = self
        return server

    def start(self) -> Self:
        self._thread.start()
        self.listen()
        return self

    def listen(self) -> None:
        """At the same port as before."""

        async def listen() -> None:
            context = self._context if self.encryption == "implicit" else None
            self._server = await self.loop.create_server(
                self._protocol, "127.0.0.1", self.port, ssl=context, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

        self._run(listen)

    def stop_listening(self) -> None:
        async def close() -> None:
            assert self._server is not None
            self._server.close()
            for transport in list(self._open):
                transport.close()

        self._run(close)

    def stop(self) -> None:
        self.stop_listening()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    def _run(self, deed: Callable[[], Any]) -> None:
        asyncio.run_coroutine_threadsafe(deed(), self.loop).result(10)


class Connection(SMTP):
    kept_by: MailServer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.kept_by._open.add(transport)
        if self.kept_by.letters.due("connect"):
            transport.abort()  # type: ignore[attr-defined]
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.kept_by._open.discard(self.transport)
        super().connection_lost(error)
