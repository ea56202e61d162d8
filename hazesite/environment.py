"""Reading the environment for `settings.py`, loudly when something is wrong.

Every value may also come from a file named by `NAME_FILE` (a mounted secret), and from `.env` in the
project folder.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

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


def snowflake(name: str) -> int | None:
    value = text(name)
    if value and not (value.isascii() and value.isdigit() and 0 < int(value) < 2**63):
        raise ImproperlyConfigured(f"{name} is {value!r}; a Discord id is a whole number.")
    return int(value) if value else None


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
