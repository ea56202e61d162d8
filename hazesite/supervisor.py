"""`manage.py serve`: the whole product as supervised children of one small process.

It does not load Django. It prepares the database, starts the children, restarts one that dies (with
back-off), and passes SIGTERM and SIGINT on. When it is killed itself, its children notice (`lifeline`).
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from hazesite import lifeline

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
MISCONFIGURED = 78
"""The exit code of a child that cannot work as it is set up; starting it again would not help."""
ALWAYS = {"web": "web", "worker": "worker", "checker": "runmonitors"}
DRAIN_SECONDS = 12.0
HEALTHY_AFTER_SECONDS = 30.0
MAX_PAUSE_SECONDS = 30.0


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py serve", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="add demo data when there are no tickets yet")
    return parser.parse_args(argv)


@dataclass
class Child:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 1.0
    start_at: float = field(default=0.0)
    optional: bool = False
    """The product goes on without it when it says that it cannot work as it is set up."""

    def start(self, pipe: int) -> None:
        environment = os.environ | {lifeline.VARIABLE: str(pipe)}
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            [sys.executable, str(MANAGE), *self.command],
            env=environment,
            pass_fds=[pipe],
            # Ctrl-C reaches the whole terminal group; the supervisor alone decides when children end.
            start_new_session=True,
        )
        self.started_at = time.monotonic()

    def note_end(self, code: int) -> None:
        lived = time.monotonic() - self.started_at
        self.pause = 1.0 if lived > HEALTHY_AFTER_SECONDS else min(self.pause * 2, MAX_PAUSE_SECONDS)
        self.start_at = time.monotonic() + self.pause
        self.process = None
        if code == MISCONFIGURED:
            self.start_at = math.inf
            say(f"{self.name} cannot work as it is set up (see above); the rest goes on without it")
            return
        say(f"{self.name} ended with code {code} after {lived:.0f} s; again in {self.pause:.0f} s")


class Supervisor:
    def __init__(self, children: list[Child], notice: str = "") -> None:
        self.children, self.notice = children, notice
        self.stopping = False
        self.pipe, self._held = os.pipe()

    def run(self, prepare: list[str]) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        first = Child("prepare", prepare)
        first.start(self.pipe)
        code = self._wait_for(first)
        if self.notice and not code:
            say(self.notice)
        while not self.stopping and not code:
            code = self._look()
            time.sleep(0.1)
        self._drain()
        return code

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def _wait_for(self, child: Child) -> int:
        assert child.process is not None
        while (code := child.process.poll()) is None:
            if self.stopping:
                child.process.terminate()
            time.sleep(0.05)
        return code

    def _look(self) -> int:
        """Start what is due, note what ended. Not 0 when a child says that it cannot work like this."""
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.start_at:
                    child.start(self.pipe)
            elif (code := child.process.poll()) is not None:
                if code == MISCONFIGURED and not child.optional:
                    return code
                child.note_end(code)
        return 0

    def _drain(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + DRAIN_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def serve(argv: list[str]) -> int:
    options = arguments(argv)
    prepare = ["prepare", *(["--demo"] if options.demo else [])]
    children = [Child(name, [command]) for name, command in ALWAYS.items()]
    notice = ""
    if has_bot():
        children.append(Child("bot", ["runbot"], optional=True))
    else:
        notice = "the Discord bot is off; DISCORD_TOKEN and DISCORD_GUILD_ID switch it on (docs/discord.md)"
    return Supervisor(children, notice).run(prepare)


def has_bot() -> bool:
    """Read as `hazesite.environment` does, but without loading Django."""
    given = dotenv_values(MANAGE.parent / ".env") | os.environ
    return any((given.get(name) or "").strip() for name in ("DISCORD_TOKEN", "DISCORD_TOKEN_FILE"))


def say(sentence: str) -> None:
    sys.stderr.write(f"serve: {sentence}\n")
    sys.stderr.flush()
