"""The other side: a real server that writes down what it gets, and answers as its path says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


class Receiver:
    """Answers `/<status>`; `/hang` when `let_go` is set; else what `answers` holds for the path, or 200."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[Got] = []
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self.let_go = threading.Event()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Got]:
        return [got for got in self.got if got.path == path]

    @property
    def bodies(self) -> list[str]:
        return [got.body.decode() for got in self.got]

    def answer(self, path: str) -> tuple[int, dict[str, str]]:
        if path.startswith("/hang"):
            self.let_go.wait(30)
            return 200, {}
        if waiting := self.answers.get(path):
            return waiting.pop(0)
        return (int(path[1:4]) if path[1:4].isdigit() else 200), {}

    def wait(self, until: Callable[[], Any], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, [(got.path, got.body) for got in self.got]
            time.sleep(0.02)


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append(Got(self.path, headers, body))
            status, more = receiver.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": "2", **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_arguments: object) -> None:
            pass

    class Site(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_arguments: object) -> None:
            pass  # who was cut off does not hear the answer

    with Site(("127.0.0.1", 0), Handler) as site:
        receiver = Receiver(site.server_port)
        threading.Thread(target=site.serve_forever, args=(0.05,), daemon=True).start()
        yield receiver
        receiver.let_go.set()
        site.shutdown()
