"""`${NAME}` in a file stands for what differs from place to place: the address of this site, a token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|<([A-Z][A-Z_]*TOKEN)>")
TOKENS = frozenset({"TOKEN", "API_TOKEN", "MONITORING_TOKEN", "HAZEBOT_TOKEN", "HAZEBOT_MONITORING_TOKEN"})


class NotKnown(ValueError):
    """A placeholder without a value."""


def values(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """What this installation knows by itself, and what is given."""
    parts = urlsplit(settings.PUBLIC_URL)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    web_app = settings.WEB_APP_URL
    known = dict.fromkeys(("PUBLIC_URL", "API_URL", "BASE_URL", "HAZEBOT_URL"), settings.PUBLIC_URL)
    known |= dict.fromkeys(("PUBLIC_HOST", "API_HOST", "HAZEBOT_HOST"), parts.hostname or "")
    known |= dict.fromkeys(("WEB_APP_URL", "ADMIN_URL", "FRONTEND_URL"), web_app)
    return known | {"PUBLIC_PORT": str(port)} | dict(given or {})


def is_token(text: str) -> bool:
    """Whether the text asks for a monitoring token of this site."""
    named = any((found[1] or found[2]) in TOKENS for found in _NAMED.finditer(text))
    return named or text.strip() == "Bearer MONITORING_TOKEN"


def moved(value: Any, elsewhere: str) -> Any:
    """The same, with the address of this site in the place of another's."""
    if not isinstance(value, str) or not (value + "/").startswith(elsewhere.rstrip("/") + "/"):
        return value
    return settings.PUBLIC_URL + value[len(elsewhere.rstrip("/")) :]


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """The same, at any depth, with values in the places of names. Raises `NotKnown`."""
    if isinstance(value, str):
        return _NAMED.sub(lambda found: _value(found[1] or found[2], known), value)
    if isinstance(value, list):
        return [filled(one, known) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, known) for name, one in value.items()}
    return value


def _value(name: str, known: Mapping[str, str]) -> str:
    if name not in known:
        raise NotKnown(f"The placeholder {name} has no value here.")
    return known[name]
