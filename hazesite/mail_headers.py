"""Headers of the mails that leave the house."""

from __future__ import annotations

from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import salted_hmac

SUBJECT_LENGTH = 120


def one_line(text: str) -> str:
    """For a header: nothing that ends a line, hides, or turns the direction of reading."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= SUBJECT_LENGTH else f"{line[: SUBJECT_LENGTH - 1]}…"


def message_id(thing: str) -> str:
    """The same for the same thing, for ever; it tells nothing of it."""
    digest = salted_hmac("notifications.mail.message_id", thing, algorithm="sha256").hexdigest()[:40]
    return f"<{digest}@{_host()}>"


def _host() -> str:
    host = parseaddr(settings.MAIL_DEFAULT_SENDER)[1].rpartition("@")[2]
    return host if host and host.isascii() else urlsplit(settings.PUBLIC_URL).hostname or "localhost"
