from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from hazesite.events import _subscribers
from monitoring.connecting import Connections
from monitoring.events import BecameSlow, NoLongerSlow, Recovered, WentDown
from tests.monitoring.engine.stage import Surroundings
from tests.servers.targets import Targets


@pytest.fixture(scope="session")
def targets() -> Iterator[Targets]:
    server = Targets().start()
    yield server
    server.stop()


@pytest.fixture
async def guarded() -> AsyncIterator[Surroundings]:
    """As in production: nothing private may be reached."""
    connections = Connections()
    yield Surroundings(connections)
    await connections.close()


@pytest.fixture
async def here(guarded: Surroundings, settings: Any) -> Surroundings:
    """Targets on this machine are allowed."""
    settings.MONITOR_ALLOW_PRIVATE_TARGETS = True
    return guarded


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was published, in the place of alerts."""
    seen: list[Any] = []
    for event in (WentDown, Recovered, BecameSlow, NoLongerSlow):
        monkeypatch.setitem(_subscribers, event, [seen.append])
    return seen
