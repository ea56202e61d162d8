"""Handing one mail over, in a thread: SMTP and the providers' APIs block."""

from __future__ import annotations

import smtplib
import socket
from contextlib import suppress
from dataclasses import replace
from typing import Any

from anymail import exceptions as anymail
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connections
from django.utils.translation import gettext as _

from accounts.models import User
from hazesite.errors import NotFound
from hazesite.outgoing.transports import GiveUp, Outcome, Retry, Sent
from notifications.mail.letters import Letter
from tickets.services import transcript

MAX_ENCLOSED = 8 * 1024 * 1024
REFUSED = "The address was refused"
"""How the reason begins where an address, and not this mail, is refused for good."""
ANOTHER_TIME = (401, 402, 403, 408, 429)
"""Answers of a provider that are about our account or the moment."""


class Attempt:
    """`make` in a thread; `abandon` from any other cuts it short."""

    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        self.reached_server = False
        """Whether it answered and let us in, whatever it thought of this mail."""
        self._connection: Any = None
        self._abandoned = False

    def make(self) -> Outcome:
        try:
            message = self._message()
            self._connection = mail.get_connection()
            self._connection.open()
            if self._abandoned:
                return Retry("It took too long.")
            self.reached_server = True
            taken = self._connection.send_messages([message])
            return Sent(self.letter.also) if taken else Retry("It was not taken, without a reason.")
        except (smtplib.SMTPException, anymail.AnymailError, OSError) as error:
            return outcome_of(error)
        finally:
            self._close()

    def _close(self) -> None:
        """What comes after the server took it changes nothing."""
        with suppress(Exception):
            if self._connection is not None:
                self._connection.close()

    def abandon(self) -> None:
        """A server that says a word now and then would keep the thread for ever."""
        self._abandoned = True
        sock = getattr(getattr(self._connection, "connection", None), "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _message(self) -> EmailMultiAlternatives:
        if not self.letter.transcript:
            return self.letter.message()
        try:
            found = _transcript(self.letter.transcript, self.letter.to.user)
        finally:
            connections.close_all()
        if found is None:
            return self.letter.message()
        message = replace(self.letter, closing=_("The whole conversation is enclosed.")).message()
        message.attach(*found, "text/html")
        return message


def _transcript(ticket_id: str, reader: User) -> tuple[str, str] | None:
    """Its name and page, as its reader may see it now. None: it is too long, or gone."""
    with suppress(NotFound):
        made = transcript(ticket_id, reader)
        with made.file as file:
            if made.size <= MAX_ENCLOSED:
                return made.name, file.read().decode()
    return None


def outcome_of(error: Exception) -> Outcome:
    """Only what the server says of the address or of the mail itself is the end; all else may pass."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _answered(code, _text(said), REFUSED)
    if isinstance(error, smtplib.SMTPDataError):
        return _answered(error.smtp_code, _text(error.smtp_error), "The mail was refused")
    if isinstance(error, anymail.AnymailRecipientsRefused):
        return GiveUp(f"{REFUSED}: {error}")
    if isinstance(error, anymail.AnymailError):
        return _of_provider(error)
    return Retry(f"{type(error).__name__}: {_text(error)}")


def _answered(code: int, said: str, what: str) -> Outcome:
    return GiveUp(f"{what}: {code} {said}") if 500 <= code < 600 else Retry(f"Not now: {code} {said}")


def _of_provider(error: anymail.AnymailError) -> Outcome:
    status = getattr(error, "status_code", None) or 0
    reason = f"{type(error).__name__}: {status or ''} {error}"
    lasting = 400 <= status < 500 and status not in ANOTHER_TIME
    return GiveUp(f"The mail was refused: {reason}") if lasting else Retry(reason)


def _text(said: object) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def blames_address(outcome: Outcome) -> bool:
    """Not where the refusal is one of policy (5.7.x): that is about us."""
    if not isinstance(outcome, GiveUp) or not outcome.reason.startswith(REFUSED):
        return False
    return " 5.7." not in outcome.reason
