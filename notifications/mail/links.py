"""Links in mails: a signed token says what they may do. It stands in the query, which logs leave out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.urls import reverse

from notifications.errors import BadLink
from notifications.mail.topics import ALL

CONFIRM, UNSUBSCRIBE = "notifications.mail.confirm", "notifications.mail.unsubscribe"
CONFIRM_WITHIN = timedelta(days=3)


@dataclass(frozen=True)
class Subscription:
    """What a mail may be answered with: no more of these. Only for the address it was sent to."""

    user_pk: int
    address: str
    topic: str
    kinds: tuple[str, ...]

    @property
    def choices(self) -> Sequence[str]:
        return (self.topic, *self.kinds, ALL)


def confirm_url(user_pk: int, address: str) -> str:
    return _url("mail-confirm", signing.dumps([user_pk, address], salt=CONFIRM))


def unsubscribe_url(user_pk: int, address: str, topic: str, kinds: Iterable[str] = ()) -> str:
    said = [user_pk, address, topic, sorted(set(kinds))]
    return _url("mail-unsubscribe", signing.dumps(said, salt=UNSUBSCRIBE))


def _url(name: str, token: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name)}?{urlencode({'token': token})}"


def read_confirmation(token: str) -> tuple[int, str]:
    """The person's key and the address. Raises `BadLink`: changed, or older than three days."""
    user_pk, address = _read(token, CONFIRM, CONFIRM_WITHIN)
    return user_pk, address


def read_subscription(token: str) -> Subscription:
    """Good for ever: a mail may be years old. Raises `BadLink`."""
    user_pk, address, topic, kinds = _read(token, UNSUBSCRIBE, None)
    return Subscription(user_pk, address, topic, tuple(kinds))


def _read(token: str, salt: str, within: timedelta | None) -> Any:
    try:
        return signing.loads(token, salt=salt, max_age=within)
    except signing.BadSignature as error:
        raise BadLink from error
