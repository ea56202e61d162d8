"""Entering a ticket: subscribe, read, show. What is committed in between is shown once, to everybody."""

from __future__ import annotations

import asyncio

import pytest

from hazesite.realtime import sinks
from hazesite.realtime.doorkeeper import Identity
from hazesite.realtime.hub import Hub
from hazesite.realtime.publication import Frame
from tickets import services, sockets


class Screen(sinks.Sink):
    """Of somebody: the last step it was shown, and whether any was missing before it."""

    def __init__(self, user):
        super().__init__(Identity(user.pk, user.username, user.role, f"s{user.pk}", 2e9))
        self.place, self.said = 0, []

    async def write(self, frame: Frame) -> None:
        told = frame.data
        if frame.event == "message_history":
            self.place = told["last_seq"]
            self.said += [message["content"] for message in told["messages"]]
        elif frame.event == "ticket_update":
            assert told["prev_seq"] == self.place
            self.place = told["seq"]

    async def shut(self, code: str) -> None:
        raise AssertionError(code)


@pytest.fixture
async def hub(monkeypatch, settings):
    """One that has just started: it knows of no ticket how far it is."""
    settings.REDIS_URL, settings.HUB_INTERVAL = "", 60
    hub = Hub()
    monkeypatch.setattr(sockets, "hub", hub)
    await hub.ensure_started()
    yield hub
    await hub.stop()


@pytest.mark.django_db(transaction=True)
async def test_nobody_misses_what_is_committed_while_all_come_back(hub, monkeypatch, ticket, alice, moira):
    first, second = Screen(alice), Screen(moira)
    loop, read = asyncio.get_running_loop(), sockets._portion
    readings = []

    def read_slowly(*asked):
        """Whoever comes second is through before the first has what it read."""
        portion = read(*asked)
        readings.append(asked)
        if len(readings) == 1:
            services.post_message(ticket.public_id, moira, "In between.")
            asyncio.run_coroutine_threadsafe(sockets.enter(second, ticket.public_id, None), loop).result(20)
        return portion

    monkeypatch.setattr(sockets, "_portion", read_slowly)
    for screen in (first, second):
        hub.add(screen)
    await sockets.enter(first, ticket.public_id, None)
    await asyncio.to_thread(services.post_message, ticket.public_id, moira, "Afterwards.")
    async with asyncio.timeout(20):
        while not first.place == second.place == 4:
            await asyncio.sleep(0.05)
    for screen in (first, second):
        assert screen.said == ["Since this morning nothing happens.", "In between."]
    assert len(readings) == 3
