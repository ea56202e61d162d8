"""The short cuts below the hub: what they rest on, and that the ordinary way is taken where it is gone."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from engineio.async_socket import AsyncSocket
from structlog.testing import capture_logs
from websockets.frames import Frame, Opcode

from hazesite.realtime import fastpath, wire
from hazesite.realtime.sinks import begin
from tests.serving import ROOT


def test_the_installed_libraries_are_what_the_fast_path_takes_them_for():
    with capture_logs() as said:
        assert fastpath.works()
    assert not said


@pytest.mark.parametrize("missing", ["poll", "_websocket_handler", "send"])
def test_libraries_that_changed_are_noticed(monkeypatch, missing):
    monkeypatch.delattr(AsyncSocket, missing)
    if missing == "poll":
        monkeypatch.delattr(fastpath.Socket, missing)
    with capture_logs() as said:
        assert not fastpath.works()
    assert [line["event"] for line in said] == ["socketio_fastpath_unavailable"]


def test_an_event_that_overtakes_is_noticed(monkeypatch):
    def straight_on(self, framed):
        begin(self.websocket.asgi_send(wire.message(framed)))

    monkeypatch.setattr(fastpath.Socket, "deliver", straight_on)
    with capture_logs() as said:
        assert not fastpath.works()
    assert "another order" in said[0]["error"]


def test_without_what_it_rests_on_the_door_opens_all_the_same(tmp_path):
    code = """
import os, django
from engineio.async_socket import AsyncSocket
del AsyncSocket._websocket_handler
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
from hazesite.realtime import socketio_door
print("fast:", socketio_door.fast)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "fast: False" in done.stdout, done.stderr


async def test_a_write_that_need_not_wait_is_done_at_once():
    written = []

    async def write() -> None:
        written.append(1)

    assert begin(write()) is None
    assert written == [1]


async def test_a_write_that_waits_goes_on_in_a_task():
    room, written = asyncio.Event(), []

    async def write() -> None:
        written.append("begun")
        await room.wait()
        await asyncio.sleep(0)
        written.append("done")

    rest = begin(write())
    assert written == ["begun"]
    task = asyncio.ensure_future(rest)
    await asyncio.sleep(0)
    room.set()
    await task
    assert written == ["begun", "done"]


async def test_a_cancelled_write_learns_of_it():
    ended = []

    async def write() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    task = asyncio.ensure_future(begin(write()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1]


async def test_a_write_that_fails_says_so():
    async def write() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        begin(write())


async def test_what_is_no_coroutine_is_left_to_a_task():
    future = asyncio.get_running_loop().create_future()
    assert begin(future) is future


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_is_the_one_the_library_would_make(size):
    text = "x" * size
    framed = wire.frame(text)
    assert framed == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    assert wire.text(framed) == text


def test_another_server_has_no_short_way():
    assert not wire.straight({"type": "websocket"})(wire.frame("x"))
    assert not wire.straight({"extensions": {}})(wire.frame("x"))
