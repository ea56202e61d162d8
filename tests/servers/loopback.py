"""What the servers on 127.0.0.1 have in common: a web application on a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Self

from aiohttp import web


class OnLoop:
    """Calls the methods of `target` on the server's loop, from any other thread."""

    def __init__(self, server: Loopback, target: Any) -> None:
        self.server, self.target = server, target

    def __getattr__(self, name: str) -> Any:
        return partial(self.server.run, getattr(self.target, name))


class Loopback(ABC):
    """What it holds outlives `stop_listening`. Port 0 is any free one, which it then keeps."""

    address = "127.0.0.1"

    def __init__(self, name: str, port: int) -> None:
        self.port = port
        self.loop = asyncio.new_event_loop()
        self.runner: web.AppRunner | None = None
        self.thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)

    @abstractmethod
    def application(self) -> web.Application: ...

    @abstractmethod
    def listens(self) -> None:
        """On the loop, once the port is known."""

    @abstractmethod
    def falls_silent(self) -> None:
        """On the loop, before connections are cut: whatever hangs must end."""

    @property
    @abstractmethod
    def complaints(self) -> list[str]:
        """What it did or was asked for that makes the test worthless."""

    def start(self) -> Self:
        self.thread.start()
        self.listen()
        return self

    def stop(self) -> None:
        """Raises AssertionError when there are complaints."""
        self.stop_listening()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()
        assert not self.complaints, self.complaints

    def listen(self) -> None:
        self.run(self._listen)

    def stop_listening(self) -> None:
        """An outage: connections are cut and new ones refused until `listen`; what is known stays."""
        self.run(self._stop_listening)

    async def _listen(self) -> None:
        self.runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=0)
        await self.runner.setup()
        await web.TCPSite(self.runner, self.address, self.port, reuse_address=True).start()
        self.port = self.runner.addresses[0][1]
        self.listens()

    async def _stop_listening(self) -> None:
        self.falls_silent()
        if self.runner:
            await self.runner.cleanup()
            self.runner = None

    def run(self, deed: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Runs `deed` on the server's loop and gives what it gives, or raises what it raises."""

        async def on_loop() -> Any:
            result = deed(*arguments, **named)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(on_loop(), self.loop).result(30)

    @property
    def base_url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def wait(self, until: Callable[[], Any], seconds: float = 10) -> Any:
        """What `until` gives once it is true. Raises AssertionError after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (result := until()):
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.01)
        return result

    async def eventually(self, until: Callable[[], Any], seconds: float = 10) -> Any:
        """`wait` for a test that is a coroutine."""
        deadline = time.monotonic() + seconds
        while not (result := until()):
            assert time.monotonic() < deadline, "it did not come to pass"
            await asyncio.sleep(0.01)
        return result
