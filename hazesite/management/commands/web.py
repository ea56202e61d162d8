from __future__ import annotations

import gc
import socket
import sys
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand

from hazesite import activation
from hazesite.front import going_down
from hazesite.http_protocol import BoundedHead
from hazesite.realtime.socketio_door import MAX_FRAME_BYTES
from hazesite.supervisor import MISCONFIGURED
from hazesite.websocket_protocol import SharedFrames


class Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is loaded by now stays for ever. Looking through it again and again holds everybody up.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        going_down.set()
        await super().shutdown(sockets)


class Command(BaseCommand):
    help = "One web process: pages, REST and sockets. Run several, on ports of their own or at one socket."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        listener = self._listener()
        config = uvicorn.Config(
            "hazesite.asgi:application",
            loop="uvloop",
            http=BoundedHead,
            ws=SharedFrames if settings.SOCKET_FASTPATH else "websockets-sansio",
            # Compressing each frame for each client doubles the cost of a fan-out.
            ws_per_message_deflate=False,
            ws_max_size=MAX_FRAME_BYTES,
            proxy_headers=bool(settings.TRUSTED_PROXIES),
            forwarded_allow_ips=settings.TRUSTED_PROXIES,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=5,
        )
        server = Server(config)
        self.stdout.write(f"HazeBot answers at {settings.PUBLIC_URL} (listening on {self._where()})")
        self.stdout.flush()
        server.run(sockets=[listener])

    def _where(self) -> str:
        return f"{settings.HOST}:{settings.API_PORT}"

    def _listener(self) -> socket.socket:
        if (given := activation.listener()) is not None:
            return given
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.HOST, settings.API_PORT))
        except OSError as error:
            self.stderr.write(f"HazeBot cannot listen on {self._where()}: {error.strerror}.")
            sys.exit(MISCONFIGURED)
        listener.set_inheritable(True)
        return listener
