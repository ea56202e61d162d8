"""What a channel's `config` may hold, by type; what of it is secret, and how it is shown without that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from standardwebhooks import Webhook as Signer

from accounts.roles import STAFF
from hazesite.errors import Invalid
from monitoring.models import NotificationChannel
from monitoring.services.checking import needs, unknown_keys, whole

Type = NotificationChannel.Type
Config = dict[str, Any]
HIDDEN = "…"
METHODS = ("POST", "PUT", "PATCH", "GET")
MAX_HEADERS, MAX_ADDRESSES = 20, 20
OURS = ("host", "content-length", "transfer-encoding", "connection", "webhook-id")
"""Headers that are not a channel's to set."""


@dataclass(frozen=True)
class Key:
    check: Callable[[Any, str], None]
    required: bool = False
    secret: bool = False
    address: bool = False
    """An URL: of it only the host is shown, since the rest lets whoever knows it post."""


def _text(value: Any, field: str) -> None:
    right = isinstance(value, str) and value.strip() and len(value) <= 500 and value.isprintable()
    needs(right, _("It must be a text of one line."), field=field)


def _flag(value: Any, field: str) -> None:
    needs(isinstance(value, bool), _("It must be true or false."), field=field)


def _port(value: Any, field: str) -> None:
    whole(value, 1, 65535, field=field)


def _seconds(value: Any, field: str) -> None:
    whole(value, 1, 60, field=field)


def _method(value: Any, field: str) -> None:
    needs(value in METHODS, _("One of: %(names)s") % {"names": ", ".join(METHODS)}, field=field)


def _url(value: Any, field: str) -> None:
    _text(value, field)
    try:
        address = httpx.URL(value)
    except httpx.InvalidURL:
        address = httpx.URL()
    right = address.scheme in ("http", "https") and address.host and not address.userinfo
    needs(right, _("It must be an address that begins with https:// or http://."), field=field)


def addresses_in(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _addresses(value: Any, field: str) -> None:
    _text(value, field)
    found = addresses_in(value)
    try:
        for one in found:
            validate_email(one)
    except ValidationError:
        found = []
    needs(0 < len(found) <= MAX_ADDRESSES, _("E-mail addresses, separated by commas."), field=field)


def _address(value: Any, field: str) -> None:
    _addresses(value, field)
    needs(len(addresses_in(value)) == 1, _("One e-mail address."), field=field)


def _headers(value: Any, field: str) -> None:
    right = isinstance(value, dict) and len(value) <= MAX_HEADERS
    needs(right, _("Headers by name, at most %(count)s.") % {"count": MAX_HEADERS}, field=field)
    for name, content in value.items():
        allowed = name.isascii() and name.replace("-", "").isalnum() and name.lower() not in OURS
        needs(allowed, _("This header cannot be set."), field=f"{field}.{name}")
        _text(content, f"{field}.{name}")
        needs(content.isascii(), _("Only ASCII characters."), field=f"{field}.{name}")


def _signing_key(value: Any, field: str) -> None:
    try:
        Signer(value)
        right = isinstance(value, str) and value.startswith("whsec_")
    except Exception:  # whatever base64 or the library thinks of it
        right = False
    needs(right, _("It must be whsec_ and 24 to 64 bytes as base64."), field=field)


def _roles(value: Any, field: str) -> None:
    right = isinstance(value, list) and value and all(role in STAFF for role in value)
    needs(right, _("Some of: %(names)s") % {"names": ", ".join(STAFF)}, field=field)


KEYS: Mapping[str, Mapping[str, Key]] = {
    Type.EMAIL: {
        "smtp_server": Key(_text),
        "smtp_port": Key(_port),
        "username": Key(_text),
        "password": Key(_text, secret=True),
        "from_email": Key(_address),
        "to_email": Key(_addresses, required=True),
        "use_tls": Key(_flag),
    },
    Type.WEBHOOK: {
        "url": Key(_url, required=True, address=True),
        "method": Key(_method),
        "headers": Key(_headers, secret=True),
        "timeout": Key(_seconds),
        "secret": Key(_signing_key, secret=True),
    },
    Type.SLACK: {"webhook_url": Key(_url, required=True, address=True)},
    Type.DISCORD: {"webhook_url": Key(_url, required=True, address=True)},
    Type.PUSH: {"roles": Key(_roles)},
}


def check(type_: str, config: Any) -> None:
    """Raises `Invalid`. Looks no name up."""
    needs(isinstance(config, dict), _("It must be an object."), field="config")
    keys = KEYS[type_]
    unknown_keys(config, keys, field="config.")
    for name, key in keys.items():
        if name in config:
            key.check(config[name], f"config.{name}")
        else:
            needs(not key.required, _("It is needed."), field=f"config.{name}")
    if type_ == Type.EMAIL and "smtp_server" in config:
        needs("from_email" in config, _("It is needed with a server of its own."), field="config.from_email")


def shown(type_: str, config: Config) -> Config:
    """What may be read: secrets are hidden, of addresses only the host is left."""
    return {name: _shown(KEYS[type_].get(name), value) for name, value in config.items()}


def _shown(key: Key | None, value: Any) -> Any:
    if key is None or key.secret:
        return dict.fromkeys(value, HIDDEN) if isinstance(value, dict) else HIDDEN
    if key.address:
        parts = urlsplit(value)
        return f"{parts.scheme}://{parts.netloc}/{HIDDEN}"
    return value


def merged(type_: str, given: Any, stored: Config) -> Any:
    """What is given back as it is shown stays what it was, but never goes to another host than before.

    Raises `Invalid` for a hidden value that stands for nothing, or that would be told to another host.
    """
    if not isinstance(given, dict):
        return given
    seen = shown(type_, stored)
    made = {**given, **{name: stored[name] for name in seen if given.get(name) == seen[name]}}
    hidden = [name for name, key in KEYS[type_].items() if key.secret and _hides(given.get(name))]
    for name in hidden:
        if _hides(made[name]):
            made[name] = _opened(made[name], stored.get(name), name)
    if hidden:
        same = _host(type_, made) == _host(type_, stored)
        needs(same, _("With another host it must be given again."), field=f"config.{hidden[0]}")
    return made


def _hides(value: Any) -> bool:
    return value == HIDDEN or (isinstance(value, dict) and HIDDEN in value.values())


def _opened(value: Any, stored: Any, name: str) -> Any:
    """Headers one by one: some may be new."""
    if isinstance(value, dict) and isinstance(stored, dict):
        for header, content in value.items():
            needs(content != HIDDEN or header in stored, _("It is needed."), field=f"config.{name}.{header}")
        return {header: stored[header] if said == HIDDEN else said for header, said in value.items()}
    raise Invalid(fields={f"config.{name}": [_("It is needed.")]})


def _host(type_: str, config: Config) -> str:
    if type_ == Type.EMAIL:
        return f"{config.get('smtp_server', '')}:{config.get('smtp_port', 587)}"
    for name, key in KEYS[type_].items():
        if key.address:
            return urlsplit(str(config.get(name, ""))).netloc
    return ""
