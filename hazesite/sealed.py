"""A JSON column whose content only this site can read: encrypted with keys derived from `SECRET_KEY`."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


class Unreadable(ValueError):
    """It was sealed under another `SECRET_KEY`, which is not among `SECRET_KEY_FALLBACKS`."""


@lru_cache(maxsize=4)
def _seal(*secrets: str) -> MultiFernet:
    """The first secret seals, all of them open."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_key(secret))) for secret in secrets])


def _key(secret: str) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=None, info=b"hazesite.sealed").derive(secret.encode())


def current_seal() -> MultiFernet:
    return _seal(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


class SealedJSONField(models.TextField):  # type: ignore[type-arg] # stubs know no JSON kept as text
    """Any JSON value. Reading raises `Unreadable` where the key is another; it cannot be filtered by."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else current_seal().encrypt(orjson.dumps(value)).decode()

    def from_db_value(self, value: str | None, *_unused: Any) -> Any:
        if value is None:
            return None
        try:
            return orjson.loads(current_seal().decrypt(value))
        except InvalidToken as error:
            raise Unreadable(
                f"{self.model.__name__}.{self.name} was sealed with another SECRET_KEY"
            ) from error

    def to_python(self, value: Any) -> Any:
        return value
