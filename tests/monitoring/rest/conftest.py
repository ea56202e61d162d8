from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpcore
import pytest
from rest_framework.test import APIClient

from accounts import monitoring_tokens, tokens
from accounts.services import Device
from monitoring import targets

NAMES = {
    "example.org": ["93.184.215.14"],
    "inside.example.org": ["10.0.0.7"],
    "both.example.org": ["93.184.215.14", "127.0.0.1"],
    "mapped.example.org": ["::ffff:169.254.169.254"],
    "2130706433": ["127.0.0.1"],
    "0x7f.1": ["127.0.0.1"],
    "127.1": ["127.0.0.1"],
}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str]]]:
    """What name servers know; other names are unknown."""
    known = dict(NAMES)

    def resolve(host: str, _port: int) -> list[str]:
        if host not in known:
            raise httpcore.ConnectError("unknown")
        return known[host]

    monkeypatch.setattr(targets, "resolve", resolve)
    return known


@pytest.fixture
def client(ada: Any, client_of: Any) -> APIClient:
    """An admin's."""
    found: APIClient = client_of(ada)
    return found


@pytest.fixture
def staff(moira: Any, client_of: Any) -> APIClient:
    found: APIClient = client_of(moira)
    return found


@pytest.fixture
def watcher(db: Any) -> APIClient:
    """One with a monitoring token."""
    session = monitoring_tokens.issue("a-secret-of-the-tests", None, Device())
    found = APIClient()
    found.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(session)}")
    found.default_format = "json"
    return found
