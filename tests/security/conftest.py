from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.serving import Server, web_alone

APP = "https://app.example.org"
BEHIND_TLS = {"X-Forwarded-Proto": "https", "Host": "haze.example.org"}
"""What a proxy adds that speaks TLS for the site."""


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One web process as on a real host: https, a trusted proxy (here everybody on this machine), limits."""
    with web_alone(
        tmp_path_factory.mktemp("production"),
        ENVIRONMENT="production",
        PUBLIC_URL="https://haze.example.org",
        SECRET_KEY=os.urandom(32).hex(),
        API_MONITORING_SECRET="a-secret-of-the-tests",
        TRUSTED_PROXIES="127.0.0.1",
        CORS_ORIGINS=APP,
        RATELIMIT_ENABLE="true",
    ) as server:
        yield server
