"""npm's own `socket.io-client` in a Node process, as an object of the tests."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PATIENCE = 5.0

Predicate = Callable[[Any], bool]


@dataclass(frozen=True)
class Heard:
    """Something the client heard. The words of its own: open, upgrade, connect, connect_error, disconnect."""

    event: str
    args: list[Any]
    at: float
    """Seconds since the epoch."""

    @property
    def data(self) -> Any:
        return self.args[0] if self.args else None


class NodeClient:
    """Safe to use from several threads. Answers and events arrive in the order in which Node wrote them."""

    def __init__(self) -> None:
        self.events: list[Heard] = []
        self._acks: dict[int, list[Any]] = {}
        self._ids = itertools.count(1)
        self._news = threading.Condition()
        self._writing = threading.Lock()
        self._ended = False
        self._process = subprocess.Popen(
            ["node", "client.mjs"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True, name="node-client")
        self._reader.start()

    # --- what it is told -----------------------------------------------------
    def connect(self, url: str, auth: Any, transports: tuple[str, ...]) -> None:
        self._command("connect", url=url, auth=auth, transports=transports)

    def emit(self, event: str, *data: Any) -> None:
        """Say something and ask for no acknowledgement."""
        self._command("emit", event=event, data=data, ack=False)

    def call(self, event: str, *data: Any, timeout: float = PATIENCE) -> Any:
        """Say something and wait for the acknowledgement. Raises `TimeoutError`."""
        number = self._command("emit", event=event, data=data, ack=True)
        answer = self._acknowledgement(number, event, timeout)
        return answer[0] if answer else None

    def raw(self, packet: str) -> None:
        """Send the text of a packet as it is."""
        self._command("raw", packet=packet)

    def disconnect(self) -> None:
        self._command("disconnect")

    def cut(self) -> None:
        """Lose the connection under the client, which then connects again by itself."""
        self._command("cut")

    def reset(self) -> None:
        """Drop the connection and forget everything, so that somebody else can use the process."""
        self._acknowledgement(self._command("reset"), "reset", PATIENCE)
        with self._news:
            self.events.clear()
            self._acks.clear()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)

    # --- what it heard -------------------------------------------------------
    def wait_for(
        self, event: str, predicate: Predicate = lambda _data: True, timeout: float = PATIENCE, after: int = 0
    ) -> Any:
        """The data of the first such event, past or to come. `after`: how many events are left out.

        Raises `TimeoutError`.
        """
        return self.wait_for_heard(event, predicate, timeout, after).data

    def wait_for_heard(
        self, event: str, predicate: Predicate = lambda _data: True, timeout: float = PATIENCE, after: int = 0
    ) -> Heard:
        def find() -> Heard | None:
            matching = (heard for heard in self.events[after:] if heard.event == event)
            return next((heard for heard in matching if predicate(heard.data)), None)

        return self._wait(find, timeout, event)

    def heard(self, event: str) -> list[Any]:
        """The data of all such events so far."""
        with self._news:
            return [heard.data for heard in self.events if heard.event == event]

    # --- the process ---------------------------------------------------------
    def _command(self, op: str, **fields: Any) -> int:
        number = next(self._ids)
        assert self._process.stdin is not None
        with self._writing:
            self._process.stdin.write(json.dumps({"op": op, "id": number, **fields}) + "\n")
            self._process.stdin.flush()
        return number

    def _acknowledgement(self, number: int, event: str, timeout: float) -> list[Any]:
        return self._wait(lambda: self._acks.get(number), timeout, f"acknowledgement of {event}")

    def _wait(self, find: Callable[[], Any], timeout: float, what: str) -> Any:
        deadline = time.monotonic() + timeout
        with self._news:
            while (found := find()) is None:
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    names = [heard.event for heard in self.events[-20:]]
                    raise TimeoutError(f"no {what} within {timeout} s; the last events: {names}")
                self._news.wait(left)
        return found

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            with self._news:
                if "ack" in said:
                    self._acks[said["ack"]] = said["args"]
                else:
                    self.events.append(Heard(said["event"], said["args"], said["at"] / 1000))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
