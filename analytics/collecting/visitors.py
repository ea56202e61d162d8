"""Numbers for people.

A visitor's key is made of the person, a salt of the database, and the secret of the site: whoever has a copy
of the database alone cannot tell who it is. With `ANALYTICS_SALT_DAYS` a new salt begins every so often and
the one before is forgotten for good: from then on nobody can tell whose the older numbers were, we neither.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Collection, Mapping
from datetime import date

from django.conf import settings

from analytics.models import Salt, Visitor

SECONDS_A_DAY = 86_400


def period() -> int:
    lasts = settings.ANALYTICS_SALT_DAYS
    return int(time.time() // (lasts * SECONDS_A_DAY)) if lasts else 0


def current_salt() -> bytes:
    """One query, but for the first of a period."""
    now = period()
    salt, made = Salt.objects.get_or_create(period=now, defaults={"value": secrets.token_bytes(32)})
    if made:
        Salt.objects.exclude(period=now).delete()
    return bytes(salt.value)


def number_of(kind: str, name: object, salt: bytes) -> int:
    """64 bits, the same for the same thing as long as the salt lasts."""
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), key=salt[:32], digest_size=32).digest()
    made = hashlib.blake2b(f"{kind}:{name}".encode("utf-8", "replace"), key=key, digest_size=8)
    return int.from_bytes(made.digest(), "big", signed=True)


def visitors_of(users: Mapping[int, date], salt: bytes) -> dict[int, int]:
    """The visitors these people are; those who were not here before begin on the day given."""
    keys = {number_of("visitor", user, salt): user for user in users}
    found = _known(keys)
    if missing := keys.keys() - found.keys():
        new = [Visitor(key=key, first_day=users[keys[key]]) for key in sorted(missing)]
        Visitor.objects.bulk_create(new, ignore_conflicts=True)
        found = _known(keys)
    return {keys[key]: visitor for key, visitor in found.items()}


def _known(keys: Collection[int]) -> dict[int, int]:
    return dict(Visitor.objects.filter(key__in=keys).values_list("key", "pk"))


def visitors_known_as(user: int) -> list[int]:
    """Which visitors a person is, by the salts there are. More than one while a salt takes over."""
    salts = [bytes(salt.value) for salt in Salt.objects.all()]
    keys = [number_of("visitor", user, salt) for salt in salts]
    return list(Visitor.objects.filter(key__in=keys).values_list("pk", flat=True))
