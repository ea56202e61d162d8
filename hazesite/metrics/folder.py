"""The folder where the processes of a site keep their counts, `DATA_DIR/metrics`.

A process holds a lock on a file of its own for as long as it lives, so that others see whether it does, also
from another container, where its number means nothing. Counts of the dead stay, or a restart would look like
fewer requests; what is only true of the living (open sockets) goes.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

logger = structlog.get_logger(__name__)
ROOM = {"counter": 2**20, "histogram": 2 * 2**20, "gauge_livesum": 2**16}
"""Bytes taken in advance: a full disk would otherwise kill the process that counts into a mapped file."""
KEPT_DEAD = 64
LONG_LIVED = {"web": "web", "worker": "worker", "runbot": "bot", "runmonitors": "checker", "runserver": "web"}
"""Commands of `manage.py` whose processes keep their counts here, and what they are called."""
ALIVE = "alive_"


@dataclass(frozen=True)
class Process:
    """`kind`: web, worker, bot, checker. `pid` means something on `host` alone."""

    name: str
    kind: str
    host: str
    pid: int
    began: float


def kind_of(argv: list[str]) -> str | None:
    """What this process is, by its command line; None for one that is soon over."""
    return LONG_LIVED.get(argv[1]) if len(argv) > 1 else None


def join(folder: Path, kind: str) -> str | None:
    """The name under which this process counts from now on; None where there is no room for its files."""
    name = f"{kind}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        prune(folder)
        for prefix, size in ROOM.items():
            with (folder / f"{prefix}_{name}.db").open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
        _hold(folder, Process(name, kind, socket.gethostname(), os.getpid(), time.time()))
    except OSError as error:
        logger.warning("metrics_kept_in_memory", error=repr(error))
        _remove(folder, name)
        return None
    return name


_held: list[Any] = []
"""Open for as long as this process lives; the lock ends with it, however it ends."""


def _hold(folder: Path, process: Process) -> None:
    draft = folder / f".{process.name}"
    file = draft.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write(json.dumps(process.__dict__))
    file.flush()
    draft.rename(folder / f"{ALIVE}{process.name}")  # nobody sees it without its lock
    _held.append(file)


def living(folder: Path) -> list[Process]:
    """Those that live. What of the dead says how things are now is taken away."""
    found = []
    for path in folder.glob(f"{ALIVE}*"):
        try:
            with path.open() as file:
                if _is_held(file):
                    found.append(Process(**json.load(file)))
                    continue
        except (OSError, ValueError, TypeError):
            continue  # another one was quicker
        _bury(folder, path.name.removeprefix(ALIVE))
    return found


def _is_held(file: Any) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _bury(folder: Path, name: str) -> None:
    for path in folder.glob(f"gauge_*_{name}.db"):
        path.unlink(missing_ok=True)
    for kind in ("counter", "histogram"):
        _cut(folder / f"{kind}_{name}.db")
    (folder / f"{ALIVE}{name}").unlink(missing_ok=True)


def _cut(path: Path) -> None:
    """To what is used of it: the first word of such a file."""
    try:
        with path.open("r+b") as file:
            used = struct.unpack("i", file.read(4))[0]
            if used <= 8:
                path.unlink()
            else:
                file.truncate(used)
    except (FileNotFoundError, struct.error):
        return


def prune(folder: Path, keep: int = KEPT_DEAD) -> None:
    """Keep the counts of the last of the dead. `keep` 0, at a start of everything: those of none."""
    alive = {process.name for process in living(folder)}
    dead: dict[str, float] = {}
    for path, name in _counts(folder):
        if name not in alive:
            dead[name] = max(dead.get(name, 0.0), path.stat().st_mtime)
    for name in sorted(dead, key=lambda one: dead[one], reverse=True)[keep:]:
        _remove(folder, name)


def _counts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in folder.glob("*.db"):
        yield path, path.stem.rpartition("_")[2]


def _remove(folder: Path, name: str) -> None:
    for path in folder.glob(f"*_{name}.db"):
        path.unlink(missing_ok=True)
