"""The whole site as one ASGI application."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hazesite.settings")

import django

django.setup()

from typing import Any  # noqa: E402

import socketio  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from hazesite import urls  # noqa: E402, F401 - now, and not while somebody waits for the first page
from hazesite.front import Front  # noqa: E402
from hazesite.realtime.consumers import NoSuchSocket  # noqa: E402
from hazesite.realtime.socketio_door import server  # noqa: E402
from hazesite.wsgi_pool import WSGIPool  # noqa: E402
from monitoring.consumers import MonitorsConsumer  # noqa: E402
from tickets.consumers import InboxConsumer, TicketConsumer  # noqa: E402

# Django's ASGI handler costs four times its WSGI handler (docs/adr/0003).
pages: Any = ASGIHandler() if settings.HTTP_THREADS == 0 else WSGIPool(settings.HTTP_THREADS)
websockets = URLRouter(
    [
        path("ws/tickets/", InboxConsumer.as_asgi()),
        path("ws/tickets/<str:ticket_id>/", TicketConsumer.as_asgi()),
        path("ws/monitors/", MonitorsConsumer.as_asgi()),
        re_path(r"", NoSuchSocket.as_asgi()),
    ]
)
sockets = socketio.ASGIApp(server, other_asgi_app=ProtocolTypeRouter({"websocket": websockets}))
application = Front(pages, sockets)
