"""Who has a ticket open, who is typing and what is read: of a person, whatever number of devices."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest
import websockets
from django.utils import timezone

from tests.serving import PASSWORDS
from tickets.models import Presence
from tickets.services.presence import forget_expired_presence, keep_present, present_at

PATIENCE = 10


@pytest.fixture(scope="module")
def tokens(server) -> dict[str, str]:
    return {name: server.token(name) for name in PASSWORDS}


class Device:
    """One socket at one ticket."""

    def __init__(self, connection) -> None:
        self.connection = connection

    async def next(self, kind: str, test=lambda _frame: True) -> dict:
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = json.loads(await self.connection.recv())
                if frame["type"] == kind and test(frame):
                    return frame

    async def hears_nothing_of(self, kind: str, of=lambda frame: True, seconds: float = 1.0) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.next(kind, of)
        except TimeoutError:
            return True
        return False

    async def say(self, kind: str, **data) -> None:
        await self.connection.send(json.dumps({"type": kind, **data}))


@pytest.fixture
async def at(server, tokens):
    ticket = await asyncio.to_thread(server.open_ticket)
    async with AsyncExitStack() as stack:

        async def enter(who: str) -> Device:
            address = f"ws://127.0.0.1:{server.port}/ws/tickets/{ticket['ticket_id']}/"
            opened = websockets.connect(address, subprotocols=["bearer", tokens[who]])
            device = Device(await stack.enter_async_context(opened))
            await device.next("joined_ticket")
            return device

        enter.path = f"{server.url}/api/tickets/{ticket['ticket_id']}"
        yield enter


def names(frame: dict) -> list[str]:
    return [user["user_name"] for user in frame["users"]]


@pytest.mark.server
async def test_staff_see_who_else_has_it_open_and_the_owner_does_not(at):
    moira = await at("moira")
    await moira.next("presence", lambda frame: names(frame) == ["moira"])
    alice = await at("alice")
    await moira.next("presence", lambda frame: names(frame) == ["alice", "moira"])
    assert await alice.hears_nothing_of("presence")


@pytest.mark.server
async def test_a_person_is_there_until_the_last_device_leaves(at, tokens):
    moira, desktop, phone = await at("moira"), await at("alice"), await at("alice")
    await moira.next("presence", lambda frame: names(frame) == ["alice", "moira"])
    await desktop.connection.close()
    # The phone's own coming may still be told, with the same two names.
    assert await moira.hears_nothing_of("presence", lambda frame: names(frame) == ["moira"])
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {tokens['moira']}"}) as client:
        there = (await client.get(f"{at.path}/presence")).json()
        assert sorted(names(there)) == ["alice", "moira"]
    await phone.connection.close()
    await moira.next("presence", lambda frame: names(frame) == ["moira"])


@pytest.mark.server
async def test_typing_is_shown_to_others_and_not_on_ones_own_other_device(at):
    moira, desktop, phone = await at("moira"), await at("alice"), await at("alice")
    await desktop.say("typing")
    frame = await moira.next("typing")
    assert frame["user_name"] == "alice"
    assert await phone.hears_nothing_of("typing")


@pytest.mark.server
async def test_read_in_one_place_is_read_in_all(at, tokens):
    desktop, phone = await at("moira"), await at("moira")
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {tokens['moira']}"}) as client:
        before = (await client.get(at.path)).json()
        await phone.say("mark_read")
        read = await desktop.next("ticket_update", lambda frame: frame["event_type"] == "ticket_read")
        after = (await client.get(at.path)).json()
    assert (before["unread_count"], after["unread_count"]) == (1, 0)
    assert read["data"]["up_to_seq"] == before["last_seq"]


# --- the rows ----------------------------------------------------------------
def test_rows_follow_who_is_there(ticket, alice, moira):
    there = {ticket.public_id: {alice.pk, moira.pk}}
    [publication] = keep_present(there, [])
    assert [room for part in publication.parts for room in part.rooms] == [f"ticket:{ticket.public_id}:staff"]
    assert keep_present(there, []) == []
    assert [user.username for user in present_at(ticket.public_id, moira)] == ["alice", "moira"]
    keep_present({ticket.public_id: {moira.pk}, "no-such-ticket": {alice.pk}}, [])
    assert [user.username for user in present_at(ticket.public_id, moira)] == ["moira"]


def test_whom_a_dead_process_took_along_is_gone_within_a_minute(ticket, alice, moira):
    keep_present({ticket.public_id: {alice.pk}}, [])
    Presence.objects.update(process="another", expires_at=timezone.now() - timedelta(seconds=1))
    assert present_at(ticket.public_id, moira) == []
    assert keep_present({ticket.public_id: {moira.pk}}, []) != []
    Presence.objects.filter(process="another").update(expires_at=timezone.now() - timedelta(minutes=2))
    assert forget_expired_presence() == 1


def test_a_thousand_who_come_at_once_are_a_handful_of_queries(
    ticket, alice, moira, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8):
        keep_present({ticket.public_id: {alice.pk, moira.pk}}, [ticket.public_id])
