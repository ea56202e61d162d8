"""Reading the environment for `settings.py`, loudly when something is wrong.

Every value may also come from a file named by `NAME_FILE` (a mounted secret), and from `.env` in the
project folder.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv

BASE_DIR = Path(__file__).resolve().parent.parent
PLACEHOLDERS = ("changeme", "change-me", "change_me", "your-", "example", "placeholder", "secret-key-here")
ROLES = ("admin", "moderator", "lootling")
T = TypeVar("T")

_env = FileAwareEnv()
_env.read_env(str(BASE_DIR / ".env"), recurse=False)


def _read(reader: Callable[..., T], name: str, default: Any) -> T:
    if not os.environ.get(name, name).strip():
        del os.environ[name]  # `NAME=` in a file of settings means the default
    try:
        return reader(name, default)
    except EnvError as mistake:
        raise ImproperlyConfigured(f"{mistake}. See .env.example.") from mistake
    except (OSError, ValueError) as mistake:
        raise ImproperlyConfigured(f"{name}: {mistake}. See .env.example.") from mistake


def text(name: str, default: str = "") -> str:
    return _read(_env.str, name, default).strip()


def flag(name: str, default: bool) -> bool:
    """True/false, yes/no, on/off, 1/0 in any case."""
    return _read(_env.bool, name, default)


def number(name: str, default: int, least: int = 0) -> int:
    value = _read(_env.int, name, default)
    if value < least:
        raise ImproperlyConfigured(f"{name} is {value}; it must be at least {least}.")
    return value


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default).lower()
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def names(name: str, default: str = "") -> list[str]:
    """A comma-separated list; blanks around its parts and empty parts do not count."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def database(name: str, default: str) -> dict[str, Any]:
    return dict(_read(_env.dj_db_url, name, default))


def address(name: str, default: str) -> str:
    """A web address without its trailing slash."""
    value = text(name, default).rstrip("/")
    if value and not (urlsplit(value).scheme and urlsplit(value).netloc):
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole address such as {default}.")
    return value


def refuse_elsewhere(name: str, value: str, hosts: tuple[str, ...], *, debug: bool) -> None:
    """What a token is sent to: these hosts, this machine, or (with `DEBUG`) anything."""
    host = urlsplit(value).hostname or ""
    if not debug and host not in (*hosts, "localhost", "127.0.0.1", "::1"):
        raise ImproperlyConfigured(f"{name} is {value!r}; without DEBUG it may only lead to this machine.")


def bucket(name: str) -> dict[str, Any] | None:
    """`s3://key:secret@host[:port]/bucket[/folder][?region=...&tls=false]` as options of django-storages.

    Without a host: Amazon's. Without key and secret: what boto3 finds (a role of the machine, say).
    """
    value = text(name)
    try:
        return _bucket_options(value) if value else None
    except ValueError as mistake:
        raise ImproperlyConfigured(
            f"{name} must be like s3://key:secret@host/bucket?region=eu-central-1 (and tls=false where it "
            f"speaks plain HTTP): {mistake}."
        ) from mistake


def _bucket_options(value: str) -> dict[str, Any]:
    parts = urlsplit(value)
    given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    tls, region = given.pop("tls", "true"), given.pop("region", None)
    bucket_name, _slash, folder = parts.path.strip("/").partition("/")
    if parts.scheme != "s3" or not bucket_name:
        raise ValueError("it names no bucket")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("a key and its secret go together")
    if given or tls not in ("true", "false"):
        raise ValueError("only region=... and tls=true or false may follow the question mark")
    return {
        "access_key": unquote(parts.username or "") or None,
        "secret_key": unquote(parts.password or "") or None,
        "bucket_name": bucket_name,
        "location": unquote(folder),
        "endpoint_url": _endpoint(parts, tls),
        "region_name": region,
    }


def _endpoint(parts: SplitResult, tls: str) -> str | None:
    place = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    return f"{'https' if tls == 'true' else 'http'}://{place}" if place else None


def origins(name: str) -> list[str]:
    """Exact web origins: scheme, host and port, nothing after them."""
    found = [value.rstrip("/") for value in names(name)]
    for value in found:
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or f"{parts.scheme}://{parts.netloc}" != value
            or "*" in value
        ):
            raise ImproperlyConfigured(
                f"{name} has {value!r}; an origin is exact, such as https://app.example.org."
            )
    return found


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Comma-separated addresses and networks such as 10.0.0.0/8."""
    try:
        return [ip_network(value, strict=False) for value in names(name)]
    except ValueError as mistake:
        raise ImproperlyConfigured(f"{name}: {mistake}. See .env.example.") from mistake


def snowflake(name: str) -> int | None:
    value = text(name)
    if value and not (value.isascii() and value.isdigit() and 0 < int(value) < 2**63):
        raise ImproperlyConfigured(f"{name} is {value!r}; a Discord id is a whole number.")
    return int(value) if value else None


def service_account(name: str) -> dict[str, Any] | None:
    """The JSON of a Google service account, written out or as the path of its file."""
    value = text(name)
    if not value:
        return None
    try:
        found = json.loads(value if value.startswith("{") else Path(value).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{name} is neither JSON nor the path of a JSON file: {error}") from error
    wanted = ("type", "project_id", "private_key", "client_email", "token_uri")
    missing = [key for key in wanted if not isinstance(found, dict) or not found.get(key)]
    if missing:
        raise ImproperlyConfigured(f"{name} is no service account: it has no {', '.join(missing)}.")
    return dict(found)


def is_weak(password: str) -> bool:
    """Whether a password or key is a placeholder or among the 20 000 most common ones."""
    lowered = password.lower()
    if any(word in lowered for word in PLACEHOLDERS):
        return True
    return lowered.strip() in CommonPasswordValidator().passwords


def refuse_weak(name: str, value: str, least: int) -> None:
    if value and (is_weak(value) or len(value) < least):
        raise ImproperlyConfigured(
            f"{name} is a placeholder, a common password or shorter than {least} characters; "
            "choose a strong one."
        )


def secret(name: str, file: Path, production: bool, least: int = 32) -> str:
    """The secret `name`; in development one is made once and kept in `file`."""
    value = text(name)
    if production:
        if not value:
            raise ImproperlyConfigured(f"{name} is not set, and in production it must be.")
        refuse_weak(name, value, least)
        return value
    return value or _generated(file)


def _generated(file: Path) -> str:
    """Two processes may start at once: the one that creates the file decides."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48), encoding="utf-8")
    try:
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return file.read_text(encoding="utf-8").strip()


def extra_users(name: str) -> list[tuple[str, str, str]]:
    """`name:password[:role]`, comma-separated, as (name, password, role).

    Only a trailing part that names a role is one; so a password may hold colons.
    """
    users = []
    for entry in names(name):
        username, _, password = entry.partition(":")
        role = "admin"
        head, colon, tail = password.rpartition(":")
        if colon and tail in ROLES:
            password, role = head, tail
        if not username or not password or tail == "monitoring":
            raise ImproperlyConfigured(
                f"{name}: each entry is name:password or name:password:role; roles are {', '.join(ROLES)}."
            )
        users.append((username, password, role))
    if len({user[0] for user in users}) != len(users):
        raise ImproperlyConfigured(f"{name} names a user twice.")
    return users
