"""Channels as its tutorial has it: a group for each room, `group_send`, JSON for each client; on uvicorn."""

from __future__ import annotations

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["channels"],
    # Of the 100 messages a channel may hold by default, a burst loses some.
    CHANNEL_LAYERS={
        "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}
    },
)
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from benchmarks.message import EVENT, new_message
from benchmarks.stacks.serving import serve


class Room(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()
        await self.send_json({"type": "joined"})

    async def disconnect(self, _code):
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive_json(self, content):
        for n in range(content["first"], content["first"] + content["count"]):
            event = {"type": "say", "body": new_message(f"r{n}", content["size"])}
            await self.channel_layer.group_send(f"r{n}", event)

    async def say(self, event):
        await self.send_json({"type": EVENT, **event["body"]})


serve(ProtocolTypeRouter({"websocket": URLRouter([path("<str:room>/", Room.as_asgi())])}))
