"""What runs here: versions, what they are locked to, and how they are set up."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib import metadata

import django
from django.conf import settings

from hazesite import __version__
from hazesite.environment import BASE_DIR
from hazesite.operations.doctor import Finding, doubtful, examination, ill, well

PIN = re.compile(r"^([a-z0-9-]+)==([^\s;]+)([^\\\n]*)", re.MULTILINE)


@examination("versions")
def what_runs() -> Iterator[Finding]:
    yield well(
        "versions",
        f"HazeBot {__version__}, Python {platform.python_version()}, Django {django.get_version()}",
    )
    lock = BASE_DIR / "requirements.txt"
    wrong = list(_strangers(lock.read_text(encoding="utf-8"))) if lock.exists() else []
    if wrong:
        yield doubtful(
            "dependencies",
            f"not as locked: {', '.join(wrong[:5])}",
            "Install what the lock names: pip install --require-hashes -r requirements.txt",
        )
    else:
        yield well("dependencies", "as locked; `make audit` asks whether a weakness of them is known")


def _strangers(lock: str) -> Iterator[str]:
    pins: dict[str, dict[str, str]] = {}
    for name, version, condition in PIN.findall(lock):
        pins.setdefault(name, {})[version] = condition.strip()
    for name, versions in pins.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = ""
        # What is locked for another system, or another Python, may be absent.
        if found not in versions and (found or not all(versions.values())):
            yield f"{name} {found or 'is missing'} (locked: {', '.join(versions)})"


@examination("settings")
def how_it_is_set_up() -> Iterator[Finding]:
    if settings.PRODUCTION and settings.DEBUG:
        yield ill("settings", "DEBUG in production shows everybody the inside", "Set DEBUG=false.")
    elif not settings.PRODUCTION:
        yield doubtful(
            "settings",
            "ENVIRONMENT=development: weak secrets are allowed",
            "On a real host set ENVIRONMENT=production.",
        )
    else:
        yield well("settings", f"production at {settings.PUBLIC_URL}, data in {settings.DATA_DIR}")
    if settings.SENTRY_DSN:
        yield well("sentry", "unforeseen errors are told to SENTRY_DSN")
    else:
        yield well("sentry", "off (SENTRY_DSN); unforeseen errors are in the admin")


@examination("mail")
def mail() -> Iterator[Finding]:
    if settings.MAIL_PROVIDER != "smtp":
        yield well("mail", f"goes out by {settings.MAIL_PROVIDER}")
    elif settings.MAIL_SERVER:
        yield well("mail", f"goes out by {settings.EMAIL_HOST}:{settings.EMAIL_PORT}")
    else:
        yield well("mail", "no mail server is set, so no mail is sent")
