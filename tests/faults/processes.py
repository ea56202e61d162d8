"""The processes of a site, each of which can be killed, frozen and started again."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import psutil

from tests.backends import Private
from tests.serving import ROOT

STOP_SECONDS, BACK_SECONDS = 15.0, 60.0


class Target(ABC):
    """Something a fault of a process happens to. The harness is its supervisor."""

    name: str
    process: subprocess.Popen[bytes]
    down = False
    """Somebody has taken it down and will start it again."""

    @abstractmethod
    def start(self) -> None: ...

    @property
    def orderly(self) -> signal.Signals:
        return signal.SIGTERM

    def begin(self, kind: str) -> None:
        if kind == "freeze":
            self._send(signal.SIGSTOP)
        else:
            self.down = True
            self._send(signal.SIGKILL if kind == "kill" else self.orderly)

    async def end(self, kind: str) -> None:
        if kind == "freeze":
            self._send(signal.SIGCONT)
        else:
            await asyncio.to_thread(self._wait)
            self.start()
            self.down = False
            await self.back()

    @abstractmethod
    async def back(self) -> None:
        """Returns when it answers again: that long the fault lasts."""

    def keep_alive(self) -> str:
        """Start again what ended by itself, as a supervisor does; says so."""
        if self.down or (code := self.process.poll()) is None:
            return ""
        self.start()
        return f"{self.name} ended by itself with code {code}"

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            self._send(signal.SIGCONT)
        self.process.send_signal(self.orderly)
        self._wait()

    def _wait(self) -> None:
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._send(signal.SIGKILL)
            self.process.wait()

    def _send(self, number: signal.Signals) -> None:
        """To its children too when they must not go on without it: PostgreSQL's are groups of their own."""
        family = [self.process.pid]
        if number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT):
            with suppress(psutil.NoSuchProcess):
                family += [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]
        for pid in family:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(pid).send_signal(number)


class Command(Target):
    """`manage.py <command>`."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.environment, self.log = name, environment, log
        self.port = int(environment["API_PORT"]) if "web" in command else 0
        self.command = [sys.executable, str(ROOT / "manage.py"), *command]
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
            )

    async def back(self) -> None:
        deadline = time.monotonic() + BACK_SECONDS
        while self.port and time.monotonic() < deadline:
            with suppress(OSError):
                _reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.05)


class Backend(Target):
    """PostgreSQL, which keeps its data, or Redis, which does not."""

    def __init__(self, name: str, server: Private) -> None:
        self.name, self.server = name, server

    @property
    def process(self) -> subprocess.Popen[bytes]:  # type: ignore[override]
        return self.server.process

    @property
    def orderly(self) -> signal.Signals:
        return signal.SIGINT  # PostgreSQL then does not wait for its clients to leave

    def start(self) -> None:
        self.server.process = self.server.start()

    async def back(self) -> None:
        await asyncio.to_thread(self.bring_back)

    def bring_back(self) -> None:
        """As it was, for the next run."""
        self._send(signal.SIGCONT)
        deadline = time.monotonic() + STOP_SECONDS
        while self.process.poll() is not None and time.monotonic() < deadline:
            self.start()
            time.sleep(0.2)
        self.server.await_ready()
