"""Which token monitors of this site send: the newest there is, while tokens are replaced under way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from accounts import monitoring_tokens, tokens
from accounts.models import Session
from monitoring.connecting import Connections
from monitoring.engine import context as engine_context
from monitoring.engine.context import EngineContext

pytestmark = pytest.mark.django_db(transaction=True)


async def in_turn(work, *args):
    return await sync_to_async(work)(*args)


def rotated() -> Session:
    """What there is has become old, and a cron job replaces it."""
    Session.objects.update(created_at=datetime.now(UTC) - timedelta(days=61))
    rotation = monitoring_tokens.rotate()
    assert rotation.is_new
    return rotation.newest


async def test_it_is_the_newest_and_follows_a_rotation_within_seconds(monkeypatch):
    connections = Connections()
    context = EngineContext(connections, lambda: datetime.now(UTC), in_turn)
    monkeypatch.setattr(engine_context, "TOKEN_SECONDS", 0.0)
    for _time in range(2):
        newest = await in_turn(rotated)
        assert await context.token() == await in_turn(tokens.issue, newest)
    # The one that it replaced is good still.
    await in_turn(lambda: Session.objects.filter(pk=newest.pk).update(ended_at=datetime.now(UTC)))
    assert await context.token() not in ("", await in_turn(tokens.issue, newest))
    await connections.close()


async def test_it_is_not_asked_for_at_each_check():
    await in_turn(rotated)
    asked = []

    async def database(work, *args):
        asked.append(work)
        return await in_turn(work, *args)

    connections = Connections()
    context = EngineContext(connections, lambda: datetime.now(UTC), database)
    assert {await context.token() for _check in range(5)} == {await context.token()}
    assert len(asked) == 1
    await connections.close()
