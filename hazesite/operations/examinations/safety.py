"""The points of the production checklist (docs/DEPLOYMENT_UPTIME_KUMA.md) that can be seen from here."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from hazesite import outbound
from hazesite.environment import BASE_DIR, is_weak
from hazesite.errors import Refused
from hazesite.operations.doctor import Finding, doubtful, examination, ill, well

LEAST_KEY, GOOD_KEY = 32, 50
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
AT_HOME = ("localhost", "127.0.0.1", "::1")


@examination("secrets")
def secrets() -> Iterator[Finding]:
    make = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if len(settings.SECRET_KEY) < LEAST_KEY or is_weak(settings.SECRET_KEY):
        yield ill("secret key", "SECRET_KEY is short or a placeholder", make)
    elif len(set(settings.SECRET_KEY)) < 10:
        yield ill("secret key", "SECRET_KEY repeats itself", make)
    elif len(settings.SECRET_KEY) < GOOD_KEY:
        yield doubtful("secret key", f"{len(settings.SECRET_KEY)} characters; Django wants {GOOD_KEY}", make)
    else:
        yield well("secret key", f"{len(settings.SECRET_KEY)} characters")
    yield from _file_of_settings(BASE_DIR / ".env")


def _file_of_settings(env: Path) -> Iterator[Finding]:
    if not env.exists():
        return
    if _is_in_git(env):
        yield ill(".env", "it is in the repository", "git rm --cached .env, then change every secret in it.")
    elif env.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield doubtful(".env", "others on this host may read it", f"chmod 600 {env}")
    else:
        yield well(".env", "for its owner alone, and in no repository")


def _is_in_git(path: Path) -> bool:
    git = shutil.which("git")
    if git is None or not (path.parent / ".git").exists():
        return False
    asked = [git, "-C", str(path.parent), "ls-files", "--error-unmatch", path.name]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0  # noqa: S603 - no shell


@examination("https")
def https() -> Iterator[Finding]:
    if not settings.PRODUCTION:
        return
    if not settings.HTTPS:
        yield ill("https", f"PUBLIC_URL is {settings.PUBLIC_URL}", "Serve it by HTTPS: docs/deployment.md.")
        return
    host = urlsplit(settings.PUBLIC_URL).hostname
    try:
        answer = outbound.fetch(
            "GET", f"http://{host}/", deadline=3, trusted=[host or ""], follow_redirects=False
        )
    except (httpx.HTTPError, Refused):
        yield well("https", "PUBLIC_URL is https, and plain HTTP does not answer from here")
        return
    if 300 <= answer.status < 400 and answer.headers.get("location", "").startswith("https://"):
        yield well("https", "PUBLIC_URL is https, and plain HTTP leads there")
    else:
        yield ill("https", f"http://{host}/ answers {answer.status}", "Let the proxy redirect it to https.")


@examination("proxies")
def proxies() -> Iterator[Finding]:
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield ill(
            "proxies",
            "none is trusted, so everybody has the address of who speaks TLS for us, and shares one limit",
            "Set TRUSTED_PROXIES to the proxy's address.",
        )
    elif "*" in settings.TRUSTED_PROXIES:
        yield ill("proxies", "everybody is trusted", "Name the proxy's address in TRUSTED_PROXIES.")
    else:
        yield well("proxies", f"trusted: {', '.join(settings.TRUSTED_PROXIES) or 'none'}")
    if settings.PRODUCTION and settings.HOST in EVERYWHERE:
        yield doubtful(
            "firewall",
            f"the server itself listens on every address at port {settings.API_PORT}",
            f"Outside of a container set HOST=127.0.0.1, or close {settings.API_PORT} to all but the proxy.",
        )
    else:
        yield well(
            "firewall", f"listens on {settings.HOST} alone; open 80 and 443 to the proxy, nothing else"
        )


@examination("origins")
def origins() -> Iterator[Finding]:
    plain = [origin for origin in settings.CORS_ALLOWED_ORIGINS if _is_plain_and_far(origin)]
    if settings.PRODUCTION and plain:
        yield doubtful("origins", f"not by HTTPS: {', '.join(plain)}", "Serve them by HTTPS.")
    else:
        yield well("origins", ", ".join(settings.CORS_ALLOWED_ORIGINS) or "no other than this one")


def _is_plain_and_far(origin: str) -> bool:
    return origin.startswith("http://") and urlsplit(origin).hostname not in AT_HOME


@examination("limits")
def limits() -> Iterator[Finding]:
    if not settings.RATELIMIT_ENABLE:
        state = ill if settings.PRODUCTION else doubtful
        yield state("limits", "rate limits are off", "Set RATELIMIT_ENABLE=true.")
    else:
        yield well("limits", "on")
    yield well("tokens", f"live {settings.JWT_TTL_DAYS} days (7 at most, or it would not start)")
