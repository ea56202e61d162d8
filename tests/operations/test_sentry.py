"""What a Sentry is told, and what not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.operations.house import House
from tests.servers.sentry import SentryServer

pytestmark = [pytest.mark.server, pytest.mark.workers, pytest.mark.once]
FAILS = """
import structlog
def breaks(word):
    password = "hunter2-hunter2"
    raise ValueError(f"alice@example.org wrote {word} with token=hunter2-hunter2")
structlog.contextvars.bind_contextvars(request_id="r-17", user="alice@example.org")
try:
    breaks("alice@example.org")
except ValueError:
    structlog.get_logger("x").exception("alice@example.org failed", token="hunter2-hunter2")
"""


@pytest.fixture
def sentry() -> Iterator[SentryServer]:
    server = SentryServer().start()
    yield server
    server.stop()


def test_it_is_told_the_type_and_the_lines_and_nobodys_data(sentry, tmp_path):
    house = House(tmp_path / "house")
    house.manage("migrate", "-v0")
    house.manage("shell", "-v0", "-c", FAILS, SENTRY_DSN=sentry.dsn)
    (envelope,) = sentry.envelopes
    event = json.loads(envelope.splitlines()[2])
    (told,) = event["exception"]["values"]
    assert told["type"] == "ValueError" and told["stacktrace"]["frames"][-1]["function"] == "breaks"
    assert event["tags"]["request_id"] == "r-17" and event["release"].startswith("hazebot@")
    assert "alice@example.org" not in envelope and "hunter2" not in envelope
    assert not {"user", "request", "breadcrumbs", "extra", "modules"} & set(event)


def test_without_a_dsn_nobody_is_told(sentry, tmp_path):
    house = House(tmp_path / "house")
    house.manage("migrate", "-v0")
    house.manage("shell", "-v0", "-c", FAILS, SENTRY_DSN="")
    assert sentry.envelopes == []
