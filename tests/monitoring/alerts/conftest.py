from __future__ import annotations

import pytest

from tests.monitoring.alerts.stage import Clock, Stage
from tests.outgoing.conftest import drain, receiver  # noqa: F401 - fixtures
from tests.servers.conftest import discord_server, fcm_key, fcm_server  # noqa: F401 - fixtures


@pytest.fixture
def clock(monkeypatch) -> Clock:
    frozen = Clock()
    monkeypatch.setattr("django.utils.timezone.now", frozen)
    return frozen


@pytest.fixture
def stage(db, clock) -> Stage:
    return Stage(clock)
