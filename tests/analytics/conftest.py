from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from analytics.collecting import buffer


@pytest.fixture
def collecting(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Uses are collected, and written when the test says `collecting.flush()`, by no thread."""
    settings.ANALYTICS = True
    monkeypatch.setattr(buffer, "_ensure_thread", lambda: None)
    buffer._waiting.clear()
    yield buffer
    buffer._waiting.clear()
    buffer._something.clear()


@pytest.fixture
def app_of(client_of: Callable[[User], APIClient]) -> Callable[..., APIClient]:
    """`app_of(alice, "Android", "2.4.1")` is her app."""

    def start(user: User, platform: str = "Android", version: str = "2.4.1", **headers: str) -> APIClient:
        client = client_of(user)
        client.credentials(
            **client._credentials, HTTP_X_PLATFORM=platform, HTTP_X_APP_VERSION=version, **headers
        )
        return client

    return start
