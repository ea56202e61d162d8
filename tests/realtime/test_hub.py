"""The hub's promise: each socket gets each step of its stream once, in order, whatever the bus does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from hazesite.realtime import hub as hub_module
from hazesite.realtime import sinks, wire
from hazesite.realtime import streams as streams_module
from hazesite.realtime.doorkeeper import Identity
from hazesite.realtime.hub import Hub, TooManyRooms, TooManySockets
from hazesite.realtime.publication import Frame, Part, Publication
from hazesite.realtime.sinks import Sink
from hazesite.realtime.streams import Head

ROOM, STREAM = "ticket:1:staff", "ticket:1"


def step(seq: int, stream: str = STREAM) -> Publication:
    rooms = (f"{stream}:staff", "inbox:staff")
    return Publication((Part(rooms, (Frame.of("step", {"seq": seq}, seq),)),), stream, seq)


class Listener(Sink):
    def __init__(self, user_id: int = 1) -> None:
        super().__init__(Identity(user_id, "moira", "moderator", f"s{user_id}", 2e9))
        self.frames: list[Frame] = []
        self.closed_with = ""
        self.stalled = asyncio.Event()
        self.stalled.set()

    async def write(self, frame: Frame) -> None:
        await self.stalled.wait()
        self.frames.append(frame)

    async def shut(self, code: str) -> None:
        self.closed_with = code

    @property
    def seqs(self) -> list[int]:
        return [frame.seq for frame in self.frames if frame.seq]


class Database:
    """Streams that exist only here: `heads` says how long each is."""

    def __init__(self) -> None:
        self.lengths: dict[str, int] = {}
        self.old: dict[str, int] = {}  # the last step before anybody looked
        self.replays = 0

    def heads(self, streams: Any) -> dict[str, Head]:
        found = {name: self.lengths[name] for name in streams if name in self.lengths}
        return {
            name: Head(seq, Publication((Part((f"{name}:staff",), (Frame.of("head", {"seq": seq}),)),)))
            for name, seq in found.items()
        }

    def present(self, streams, announce) -> list[Publication]:
        return []

    def moved_since(self, moment: datetime) -> dict[str, tuple[int, int]]:
        first = {name: self.old.get(name, 0) + 1 for name in self.lengths}
        return {name: (first[name], seq) for name, seq in self.lengths.items() if seq >= first[name]}

    def replay(self, stream: str, after: int) -> list[Publication]:
        self.replays += 1
        return [step(seq, stream) for seq in range(after + 1, self.lengths[stream] + 1)][:3]


@pytest.fixture
def database(monkeypatch) -> Database:
    fake = Database()
    monkeypatch.setattr(streams_module, "_streams", fake)
    return fake


@pytest.fixture
async def hub(database, monkeypatch, settings) -> AsyncIterator[Hub]:
    settings.REDIS_URL, settings.HUB_INTERVAL = "", 0.02
    monkeypatch.setattr(hub_module, "DOOR_SECONDS", 1e9)
    hub = Hub()
    await hub.ensure_started()
    yield hub
    await hub.stop()


def join(hub: Hub, sink: Sink, at: int) -> None:
    hub.add(sink)
    subscription = hub.subscribe(sink, ROOM, STREAM)
    assert hub.caught_up(subscription, at)
    subscription.open(at)


async def settle() -> None:
    await asyncio.sleep(0.15)


async def test_steps_are_shown_in_order(hub, database):
    listener = Listener()
    join(hub, listener, 0)
    database.lengths[STREAM] = 3
    for seq in (1, 2, 3):
        hub.receive(step(seq))
    await settle()
    assert listener.seqs == [1, 2, 3]
    assert database.replays == 0


async def test_a_doubled_step_is_shown_once(hub, database):
    listener = Listener()
    join(hub, listener, 0)
    database.lengths[STREAM] = 1
    hub.receive(step(1))
    hub.receive(step(1))
    await settle()
    assert listener.seqs == [1]


async def test_a_hole_is_filled_from_the_database_with_one_query_for_the_room(hub, database):
    listeners = [Listener(), Listener(2)]
    for listener in listeners:
        join(hub, listener, 0)
    database.lengths[STREAM] = 3
    hub.receive(step(1))
    hub.receive(step(3))
    await settle()
    assert [listener.seqs for listener in listeners] == [[1, 2, 3], [1, 2, 3]]
    assert database.replays == 1


async def test_swapped_publications_come_out_in_order(hub, database):
    listener = Listener()
    join(hub, listener, 0)
    database.lengths[STREAM] = 2
    hub.receive(step(2))
    hub.receive(step(1))
    await settle()
    assert listener.seqs == [1, 2]


async def test_a_lost_last_publication_is_found_without_another(hub, database):
    listener = Listener()
    join(hub, listener, 0)
    database.lengths[STREAM] = 7
    await settle()
    assert listener.seqs == [1, 2, 3, 4, 5, 6, 7]
    assert any(frame.event == "head" and frame.data["seq"] == 7 for frame in listener.frames)


async def test_rooms_are_told_regularly_how_far_their_stream_is(hub, database, monkeypatch):
    monkeypatch.setattr(hub_module, "ANNOUNCE_SECONDS", 0.05)
    listener = Listener()
    database.lengths[STREAM] = 4
    join(hub, listener, 4)
    await settle()
    told = [frame.data["seq"] for frame in listener.frames if frame.event == "head"]
    assert len(told) >= 2 and set(told) == {4}


async def test_what_comes_while_the_history_is_read_is_in_it_or_live_and_never_both(hub, database):
    listener = Listener()
    database.lengths[STREAM] = 4
    subscription = hub.subscribe(listener, ROOM, STREAM)
    for seq in (3, 4):
        hub.receive(step(seq))
    assert hub.caught_up(subscription, 3)  # the history that was read reaches to here
    subscription.open(3)
    await settle()
    assert listener.seqs == [4]


async def test_a_second_socket_that_read_further_gets_no_step_twice(hub, database):
    first, second = Listener(), Listener(2)
    join(hub, first, 1)
    database.lengths[STREAM] = 3
    join(hub, second, 3)
    for seq in (2, 3):
        hub.receive(step(seq))
    await settle()
    assert (first.seqs, second.seqs) == ([2, 3], [])


async def test_whoever_read_less_than_the_first_to_arrive_reads_on(hub, database):
    """Both came before this process knew the stream, as all do after its start, and a step came meanwhile."""
    slow, quick = Listener(), Listener(2)
    subscription = hub.subscribe(slow, ROOM, STREAM)  # and reads, up to 2
    database.lengths[STREAM] = 3
    hub.receive(step(3))
    join(hub, quick, 3)
    hub.receive(step(4))
    assert not hub.caught_up(subscription, 2)
    hub.receive(step(5))
    assert hub.caught_up(subscription, 4)  # what came before the second reading may be in it or not
    subscription.open(4)
    database.lengths[STREAM] = 5
    await settle()
    assert (slow.seqs, quick.seqs) == ([5], [4, 5])


async def test_whoever_comes_to_a_known_stream_reads_once(hub, database):
    first, second = Listener(), Listener(2)
    join(hub, first, 2)
    subscription = hub.subscribe(second, ROOM, STREAM)  # and reads, up to 2
    database.lengths[STREAM] = 3
    hub.receive(step(3))
    assert hub.caught_up(subscription, 2)
    subscription.open(2)
    assert first.seqs == second.seqs == [3]


async def test_an_inbox_hears_all_streams_and_finds_lost_ones(hub, database):
    listener = Listener()
    hub.subscribe(listener, "inbox:staff", "").open(0)
    hub.add(listener)
    database.lengths |= {"ticket:8": 1, "ticket:9": 2}
    hub.receive(step(1, "ticket:8"))
    await settle()
    assert sorted(listener.seqs) == [1, 1, 2]


async def test_an_inbox_starts_at_what_is_new(hub, database):
    listener = Listener()
    hub.subscribe(listener, "inbox:staff", "").open(0)
    hub.add(listener)
    database.lengths |= {"ticket:8": 5, "ticket:9": 7}
    database.old |= {"ticket:8": 5, "ticket:9": 6}
    await settle()
    assert listener.seqs == [7]
    database.lengths["ticket:8"] = 6
    hub.receive(step(6, "ticket:8"))
    await settle()
    assert listener.seqs == [7, 6]


async def test_a_socket_in_two_rooms_of_one_audience_hears_it_once(hub, database):
    listener = Listener()
    database.lengths[STREAM] = 1
    join(hub, listener, 0)
    hub.subscribe(listener, "inbox:staff", "").open(0)
    hub.receive(step(1))
    await settle()
    assert listener.seqs == [1]


async def test_a_stalled_client_is_dropped_and_delays_nobody(hub, database, monkeypatch):
    monkeypatch.setattr(sinks, "MAX_OUTBOX", 10)
    stalled, healthy = Listener(), Listener(2)
    stalled.stalled.clear()
    for listener in (stalled, healthy):
        join(hub, listener, 0)
    database.lengths[STREAM] = 30
    for seq in range(1, 31):
        hub.receive(step(seq))
        await asyncio.sleep(0)
    await settle()
    assert healthy.seqs == list(range(1, 31))
    assert stalled.closed_with == "too_slow"


async def test_a_client_that_asks_for_much_and_reads_nothing_is_dropped(hub, monkeypatch):
    monkeypatch.setattr(sinks, "MAX_OUTBOX_CHARACTERS", 1000)
    stalled, healthy = Listener(), Listener(2)
    stalled.stalled.clear()
    for listener in (stalled, healthy):
        for _ in range(20):
            listener.push(Frame.of("history", {"text": "x" * 400}))
            await asyncio.sleep(0)
    await settle()
    assert stalled.closed_with == "too_slow"
    assert len(healthy.frames) == 20


async def test_the_one_who_types_is_left_out(hub):
    typist, reader = Listener(), Listener(2)
    for listener in (typist, reader):
        join(hub, listener, 0)
    hub.receive(Publication((Part((ROOM,), (Frame.of("typing", {}),)),), skip=typist.identity.user_id))
    await settle()
    assert [len(listener.frames) for listener in (typist, reader)] == [0, 1]


async def test_leaving_and_removing_forget_everything(hub, database):
    listener = Listener()
    join(hub, listener, 0)
    hub.unsubscribe(listener, ROOM)
    assert STREAM not in hub.heads
    hub.remove(listener)
    assert (hub.rooms, hub.sinks) == ({}, set())


async def test_rooms_and_sockets_are_limited(hub, monkeypatch, settings):
    settings.RATELIMIT_ENABLE = True
    monkeypatch.setattr(hub_module, "MAX_ROOMS", 3)
    monkeypatch.setattr(hub_module, "MAX_SOCKETS_PER_USER", 1)
    listener = Listener()
    hub.add(listener)
    hub.subscribe(listener, "a", "ticket:1")
    with pytest.raises(TooManyRooms):
        hub.subscribe(listener, "b", "ticket:2")
    with pytest.raises(TooManySockets):
        hub.add(Listener())


async def test_closing_reaches_every_socket_of_a_session(hub):
    listeners = [Listener(), Listener(), Listener(2)]
    for listener in listeners:
        hub.add(listener)
    hub.receive(Publication((Part(("session:s1",), ()),), closes="unauthorized"))
    await settle()
    assert [listener.closed_with for listener in listeners] == ["unauthorized", "unauthorized", ""]


def test_a_publication_survives_the_bus():
    publication = Publication(step(5).parts, STREAM, 5, closes="x", skip=7)
    origin, decoded = Publication.decode(publication.encode("me"))
    assert (origin, decoded) == ("me", publication)


@pytest.mark.parametrize(("data", "text"), [({}, '{"type":"x"}'), ({"a": 1}, '{"type":"x","a":1}')])
def test_a_frame_for_websockets_names_its_type(data, text):
    assert wire.text(Frame.of("x", data).for_websockets) == text
