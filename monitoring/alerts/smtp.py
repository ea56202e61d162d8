"""The SMTP server that a channel names: reached like every address that somebody typed, by the guard."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import aiosmtplib
import httpcore
from django.conf import settings

from hazesite import outbound
from hazesite.outgoing.transports import GiveUp, Outcome, Retry, Sent

PORT, IMPLICIT_TLS = 587, 465
SECONDS = 20.0


def judge(config: dict[str, Any]) -> list[str]:
    """The addresses of its server. Looks its name up.

    Raises `AddressRefused` where one is private, unless `MONITOR_ALLOW_PRIVATE_TARGETS` allows that or the
    server is the one that the site itself mails with.
    """
    host, port = config["smtp_server"], config.get("smtp_port", PORT)
    own = host == settings.MAIL_SERVER or settings.MONITOR_ALLOW_PRIVATE_TARGETS
    try:
        return outbound.judged(host, port, trusted=[host] if own else [])
    except (httpcore.ConnectError, UnicodeError) as error:
        raise outbound.AddressRefused(host=host) from error


async def send(config: dict[str, Any], message: Message, sender: str, recipients: list[str]) -> Outcome:
    """One attempt; cancelled, it lets go of the connection at once."""
    try:
        addresses = await asyncio.to_thread(judge, config)
        sock = await _connected(addresses, config.get("smtp_port", PORT))
        refused = await _handed_over(_client(config, sock), message, sender, recipients)
    except outbound.AddressRefused as error:
        return Retry(str(error))
    except (aiosmtplib.SMTPException, OSError) as error:
        return outcome_of(error)
    # Whom it refused of several does not make the others be told twice.
    return Sent() if refused < len(recipients) else Retry("Every address was refused.")


def _client(config: dict[str, Any], sock: socket.socket) -> aiosmtplib.SMTP:
    implicit = config.get("smtp_port", PORT) == IMPLICIT_TLS
    return aiosmtplib.SMTP(
        hostname=config["smtp_server"],
        sock=sock,
        username=config.get("username"),
        password=config.get("password"),
        use_tls=implicit,
        start_tls=config.get("use_tls", True) and not implicit,
        local_hostname=urlsplit(settings.PUBLIC_URL).hostname or "localhost",
        timeout=SECONDS,
    )


async def _handed_over(client: aiosmtplib.SMTP, message: Message, sender: str, recipients: list[str]) -> int:
    """How many of the recipients were refused."""
    try:
        await client.connect()
        refused, _said = await client.send_message(message, sender=sender, recipients=recipients)
        with suppress(aiosmtplib.SMTPException):  # what comes after it was taken changes nothing
            await client.quit(timeout=1.0)
        return len(refused)
    finally:
        # Not the client's own way out: that says goodbye first, and waits for the answer.
        transport: Any = client.transport
        if transport is not None:
            transport.abort()
        client.close()


async def _connected(addresses: list[str], port: int) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
            return sock
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise failure


def outcome_of(error: Exception) -> Outcome:
    """Only what the server says of the addresses or the mail itself is the end; all else may pass."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [one.code for one in error.recipients]
        return _answered(min(codes, default=450), "The addresses were refused", str(error))
    if isinstance(error, (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused)):
        return _answered(error.code, "The mail was refused", error.message)
    return Retry(f"{type(error).__name__}: {error}")


def _answered(code: int, what: str, said: str) -> Outcome:
    return GiveUp(f"{what}: {code} {said}") if 500 <= code < 600 else Retry(f"Not now: {code} {said}")
