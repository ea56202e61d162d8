"""What is kept of an error: what it is, where it happened, and nothing of the values involved.

The fingerprint is made of the type and of our own frames as file, function and source line: a message with
an id in it makes no new bug, nor does a line that moved because somebody wrote above it.
"""

from __future__ import annotations

import hashlib
import linecache
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.utils import timezone

from hazesite.logs import without_secrets

MAX_FRAMES, MAX_TRACEBACK, MAX_NAME = 60, 20_000, 200
LIBRARIES = "site-packages/"
ROOT = str(Path(__file__).resolve().parents[2]) + "/"


@dataclass
class Sighting:
    """One bug as this process saw it since it was last written down; `count` times."""

    fingerprint: str
    exception: str
    place: str
    traceback: str
    where: str = ""
    request_id: str = ""
    version: str = ""
    count: int = 0
    first_at: datetime = field(default_factory=timezone.now)
    last_at: datetime = field(default_factory=timezone.now)

    def again(self, line: Mapping[str, Any]) -> None:
        """It happened (again); `line` is how the log tells it."""
        self.count += 1
        self.last_at = timezone.now()
        self.where = without_secrets(_origin(line))[:MAX_NAME]
        self.request_id = str(line.get("request_id", ""))[:64]


@dataclass(frozen=True)
class Frame:
    """`ours`: it belongs to this project and not to a library."""

    place: str
    source: str
    ours: bool

    @classmethod
    def of(cls, frame: FrameType, number: int) -> Frame:
        code = frame.f_code
        file = code.co_filename.removeprefix(ROOT)
        ours = not file.startswith(("/", "<", ".")) and LIBRARIES not in file
        source = linecache.getline(code.co_filename, number).strip()
        return cls(f"{file.rpartition(LIBRARIES)[2]}:{code.co_qualname}", source or str(number), ours)


def frames_of(error: BaseException) -> list[Frame]:
    """The frames that tell one bug from another, outermost first: ours, or the last three of the others."""
    walked = list(traceback.walk_tb(error.__traceback__))[-MAX_FRAMES:]
    frames = [Frame.of(frame, number) for frame, number in walked]
    return [frame for frame in frames if frame.ours] or frames[-3:]


def fingerprint_of(error: BaseException) -> str:
    cause = error.__cause__
    # However deep a recursion went, it is the same one: each frame counts once.
    lines = dict.fromkeys(f"{frame.place} {frame.source}" for frame in frames_of(error))
    parts = [name_of(error), name_of(cause) if cause else "", *lines]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def sighting_of(error: BaseException, fingerprint: str) -> Sighting:
    """Raises nothing for an error without a traceback."""
    frames = frames_of(error)
    return Sighting(
        fingerprint=fingerprint,
        exception=name_of(error)[:MAX_NAME],
        place=frames[-1].place[:MAX_NAME] if frames else "?",
        traceback=traceback_of(error),
        version=str(settings.VERSION)[:40],
    )


def name_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def traceback_of(error: BaseException) -> str:
    """As Python prints it: no local variables, short paths, secrets masked. A long one keeps its end."""
    told = traceback.TracebackException.from_exception(error, limit=-MAX_FRAMES, compact=True)
    text = "".join(told.format()).replace(ROOT, "")
    # A message may be of any length, and a secret that the first cut went through is cut off by the second.
    return without_secrets(text[-2 * MAX_TRACEBACK :])[-MAX_TRACEBACK:]


def _origin(line: Mapping[str, Any]) -> str:
    """The job, socket event or request behind a log line, or what the line says."""
    if "task" in line:
        return f"job {line['task']}"
    if "socket_event" in line:
        return f"socket {line['socket_event']}"
    if "path" in line:
        return f"{line.get('method', '')} {line['path']}"
    return str(line.get("event", ""))
