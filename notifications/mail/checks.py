"""What `manage.py check`, and each start, says of mail that is half configured."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from hazesite.mail_providers import SMTP

HERE = ("localhost", "127.0.0.1", "::1")


@register
def half_configured(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    return [Caution(sentence, id=f"notifications.{name}") for name, sentence in _faults()]


def _faults() -> Iterator[tuple[str, str]]:
    by_api = settings.MAIL_PROVIDER != SMTP
    yield from _of_api() if by_api else _of_server()
    way = settings.MAIL_API_KEY if by_api else settings.MAIL_SERVER
    sender = settings.MAIL_DEFAULT_SENDER
    if way and not sender:
        yield "W020", "MAIL_DEFAULT_SENDER is not set: nothing is mailed until it says whom mails come from."
    elif sender and not _is_address(sender):
        yield "W021", f"MAIL_DEFAULT_SENDER is {sender!r}; write haze@example.org or Haze <haze@example.org>."


def _of_api() -> Iterator[tuple[str, str]]:
    if not settings.MAIL_API_KEY:
        yield "W022", f"MAIL_PROVIDER is {settings.MAIL_PROVIDER} without MAIL_API_KEY: nothing is mailed."
    if settings.MAIL_SERVER:
        yield "W023", f"MAIL_SERVER is not used, for MAIL_PROVIDER is {settings.MAIL_PROVIDER}."


def _of_server() -> Iterator[tuple[str, str]]:
    if settings.MAIL_API_KEY:
        yield "W024", "MAIL_API_KEY is set, but MAIL_PROVIDER does not say whose it is."
    if settings.MAIL_SERVER:
        yield from _of_login(settings.MAIL_USERNAME, settings.MAIL_PASSWORD)
    elif settings.MAIL_USERNAME or settings.MAIL_PASSWORD or settings.MAIL_DEFAULT_SENDER:
        yield "W025", "MAIL_SERVER is not set: nothing is mailed, whatever the other MAIL_ variables say."


def _of_login(name: str, password: str) -> Iterator[tuple[str, str]]:
    if bool(name) != bool(password):
        given, missing = ("USERNAME", "PASSWORD") if name else ("PASSWORD", "USERNAME")
        yield "W026", f"MAIL_{given} is set and MAIL_{missing} is not: mail is sent without signing in."
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if password and not encrypted and settings.MAIL_SERVER not in HERE:
        yield "W027", "MAIL_USE_TLS is off: MAIL_PASSWORD goes over the net for everybody to read."


def _is_address(sender: str) -> bool:
    try:
        validate_email(parseaddr(sender)[1])
    except ValidationError:
        return False
    return True
