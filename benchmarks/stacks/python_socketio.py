"""python-socketio's own `emit` to a room, on uvicorn."""

from __future__ import annotations

import socketio

from benchmarks.message import EVENT, new_message
from benchmarks.stacks.serving import serve

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@server.event
async def join(sid, room):
    await server.enter_room(sid, room)
    await server.emit("joined", {}, to=sid)


@server.event
async def publish(_sid, data):
    for n in range(data["first"], data["first"] + data["count"]):
        await server.emit(EVENT, new_message(f"r{n}", data["size"]), to=f"r{n}")


serve(socketio.ASGIApp(server))
