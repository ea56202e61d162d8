"""Who asks other hosts by HTTP does it through `hazesite/outbound.py`, or stands here with the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_layers import APPS, name_of, sources, tree

GUARD = "hazesite/outbound.py"
CLIENTS = {
    "aiohttp", "aiosmtplib", "anymail", "boto3", "botocore", "firebase_admin", "ftplib", "google",
    "http.client",
    "httpcore", "pycurl", "requests", "sentry_sdk", "smtplib", "social_core", "socks", "storages",
    "telnetlib", "tornado", "urllib.request", "urllib3", "websocket", "websockets", "xmlrpc",
}  # fmt: skip
FETCHING = {
    "get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "Client", "AsyncClient",
    "HTTPTransport", "AsyncHTTPTransport",
}  # fmt: skip
"""Of httpx; its errors and addresses are anybody's."""
CONNECTING = {"create_connection", "open_connection", "open_unix_connection", "connect", "connect_ex"}
"""Of the modules `socket` and `asyncio`."""
EXCEPTIONS = {
    "accounts/discord_login/": (
        "social_core",
        "social-auth asks Discord at DISCORD_API_URL, the operator's word",
    ),
    "bot/": ("aiohttp", "discord.py's own errors; it asks Discord alone"),
    "hazesite/operations/sentry.py": ("sentry_sdk", "asks SENTRY_DSN, the operator's word"),
    "hazesite/shared_files.py": (
        "storages boto3 botocore",
        "asks the bucket of UPLOADS_URL, the operator's word",
    ),
    "monitoring/alerts/mail.py": (
        "smtplib anymail",
        "without a server of its own a channel mails by MAIL_SERVER, the operator's word",
    ),
    "monitoring/alerts/smtp.py": (
        "aiosmtplib httpcore",
        "it connects itself, to addresses that outbound.judged allowed, and gives the library the socket",
    ),
    "monitoring/connecting.py": (
        "aiohttp httpcore",
        "the guard of checks: judges each address as outbound does",
    ),
    "monitoring/web_requests.py": ("aiohttp", "asks over the connections of connecting.py alone"),
    "monitoring/engine/attempts.py": ("aiohttp", "its errors; connecting.py connects"),
    "notifications/fcm.py": ("firebase_admin google requests", "firebase-admin asks Google at FCM_API_URL"),
    "notifications/push.py": ("firebase_admin", "the shapes of messages; fcm.py sends them"),
    "notifications/services/testing.py": ("firebase_admin", "the shapes of messages; fcm.py sends them"),
    "notifications/mail/post.py": (
        "smtplib anymail",
        "Django's mail goes to MAIL_SERVER, the operator's word",
    ),
}
"""Files, what they may use, and why no stranger chooses where that leads."""
OPENING = {
    "monitoring/connecting.py": "the guard of checks itself",
    "monitoring/engine/network.py": "MONITOR_REFERENCE_TARGETS are the operator's word, and are told nothing",
}
"""Files that open connections of their own."""
FILES = [*sources(*APPS, "scripts"), Path(__file__).resolve().parents[2] / "manage.py"]


def modules(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def of_clients(path: Path) -> set[str]:
    return {
        client
        for module in modules(path)
        for client in CLIENTS
        if module == client or module.startswith(f"{client}.")
    }


def connecting(path: Path) -> Iterator[str]:
    yield from (name for name in modules(path) if name in {f"httpx.{fetching}" for fetching in FETCHING})
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of, name = node.func.value, node.func.attr
            if isinstance(of, ast.Name) and (
                (of.id == "httpx" and name in FETCHING)
                or (of.id in ("socket", "asyncio") and name in CONNECTING)
            ):
                yield f"{of.id}.{name} in line {node.lineno}"


def allowed(path: Path) -> set[str]:
    return {
        client
        for place, (clients, _reason) in EXCEPTIONS.items()
        if name_of(path).startswith(place)
        for client in clients.split()
    }


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_other_hosts_are_asked_through_the_guard(path):
    if name_of(path) != GUARD:
        assert of_clients(path) <= allowed(path)
        assert name_of(path) in OPENING or list(connecting(path)) == []


@pytest.mark.parametrize("place", EXCEPTIONS)
def test_no_exception_outlives_its_reason(place):
    used = {client for path in FILES if name_of(path).startswith(place) for client in of_clients(path)}
    assert used == set(EXCEPTIONS[place][0].split())


@pytest.mark.parametrize(
    "line",
    [
        "import requests",
        "from urllib.request import urlopen",
        "import urllib.request",
        "import aiohttp as a",
        "import httpx\nhttpx.get(url)",
        "import httpx\nwith httpx.Client() as out: pass",
        "from httpx import get",
        "import socket\nsocket.create_connection(('x', 1))",
        "import asyncio\nasyncio.open_connection('x', 1)",
    ],
)
def test_the_rule_finds_what_goes_around_it(tmp_path, line):
    path = tmp_path / "way_round.py"
    path.write_text(line)
    assert of_clients(path) or list(connecting(path))
