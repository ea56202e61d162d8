"""What clients say of themselves, as one of few things that can be counted. Nothing here is trusted."""

from __future__ import annotations

import re
from functools import lru_cache

import structlog
from django.conf import settings
from geoip2.database import Reader
from geoip2.errors import AddressNotFoundError

logger = structlog.get_logger(__name__)
PLATFORMS = ("Web", "Android", "iOS", "Windows", "Linux", "macOS")
OTHER = "Other"
_BY_LOWER = {name.lower(): name for name in PLATFORMS}
_VERSION = re.compile(r"v?(\d{1,4}(?:\.\d{1,4}){0,2})(?:[.+ -][\w.+-]{0,40})?", re.ASCII)
_CLIENT_SESSION = re.compile(r"[\w-]{8,64}", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def platform(said: str) -> str:
    return _BY_LOWER.get(said.strip().lower(), OTHER if said.strip() else "Unknown")


@lru_cache(1000)
def version(said: str) -> str:
    """Its first three numbers: builds of one version are the same to whoever reads figures."""
    found = _VERSION.fullmatch(said.strip()) if len(said) < 60 else None
    if found is None:
        return OTHER if said.strip() else ""
    return ".".join(str(int(number)) for number in found[1].split("."))


def client_session(said: str) -> str:
    return said if _CLIENT_SESSION.fullmatch(said) else ""


def device(said: str) -> str:
    return _UNPRINTABLE.sub(" ", said[:200]).strip()[:60]


@lru_cache(1)
def _countries(path: str) -> Reader | None:
    try:
        return Reader(path)
    except (OSError, ValueError, RuntimeError) as trouble:
        logger.warning("geoip_database_unusable", path=path, error=repr(trouble))
        return None


def country(address: str) -> str:
    """By the local database; "" where there is none, or it does not know. Nobody else is asked."""
    reader = _countries(settings.GEOIP_DATABASE) if settings.GEOIP_DATABASE and address else None
    if reader is None:
        return ""
    try:
        whole = "City" in reader.metadata().database_type
        found = reader.city(address) if whole else reader.country(address)
    except (AddressNotFoundError, ValueError, TypeError, RuntimeError):  # the last: a damaged file
        return ""
    return found.country.iso_code or ""
