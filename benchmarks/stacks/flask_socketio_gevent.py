"""Flask-SocketIO on gevent, one process: the stack this server replaces."""

from __future__ import annotations

import os

from flask import Flask
from flask_socketio import SocketIO, emit, join_room

from benchmarks.message import EVENT, new_message

app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent", cors_allowed_origins="*")


@socketio.on("join")
def join(room):
    join_room(room)
    emit("joined", {})


@socketio.on("publish")
def publish(data):
    for n in range(data["first"], data["first"] + data["count"]):
        socketio.emit(EVENT, new_message(f"r{n}", data["size"]), to=f"r{n}")


socketio.run(app, host="127.0.0.1", port=int(os.environ["API_PORT"]))
