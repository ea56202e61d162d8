"""A channel's `config`: what of it is secret, and how it is shown without that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from hazesite.errors import Unfit
from monitoring.alerts.config_forms import FORMS, HIDDEN, METHODS, Address, Type, addresses_in
from monitoring.errors import judge
from monitoring.services.checking import needs

__all__ = ["HIDDEN", "KEYS", "METHODS", "Type", "addresses_in", "check", "merged", "shown"]

Config = dict[str, Any]
SECRET = frozenset({"password", "headers", "secret"})


@dataclass(frozen=True)
class Key:
    required: bool = False
    secret: bool = False
    address: bool = False


KEYS: Mapping[str, Mapping[str, Key]] = {
    type_: {
        name: Key(bool(field.required), name in SECRET, isinstance(field, Address))
        for name, field in form().fields.items()
    }
    for type_, form in FORMS.items()
}


def check(type_: str, config: Any) -> None:
    """Raises `Unfit`. Looks no name up."""
    judge(FORMS[type_](data=config), "config")
    if "smtp_server" in config:
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

    Raises `Unfit` for a hidden value that stands for nothing, or that would be told to another host.
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
    raise Unfit(fields={f"config.{name}": [_("It is needed.")]})


def _host(type_: str, config: Config) -> str:
    if type_ == Type.EMAIL:
        return f"{config.get('smtp_server', '')}:{config.get('smtp_port', 587)}"
    for name, key in KEYS[type_].items():
        if key.address:
            return urlsplit(str(config.get(name, ""))).netloc
    return ""
