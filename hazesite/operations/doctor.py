"""Whether all is well, and what to do about what is not: `manage.py doctor`.

Each app registers what it can tell of itself. An examination only looks; it may take `DEADLINE_SECONDS`, and
one that raises or hangs is an error of the page and does not end it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.db import connection

from hazesite.logs import without_secrets

DEADLINE_SECONDS = 10.0


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One line. `advice` says what to do, where something is to be done."""

    name: str
    state: State
    message: str
    advice: str = ""


Examination = Callable[[], Iterable[Finding]]
EXAMINATIONS: dict[str, Examination] = {}


def examination(name: str) -> Callable[[Examination], Examination]:
    def register(look: Examination) -> Examination:
        EXAMINATIONS[name] = look
        return look

    return register


def well(name: str, message: str) -> Finding:
    return Finding(name, State.OK, message)


def doubtful(name: str, message: str, advice: str) -> Finding:
    return Finding(name, State.WARNING, message, advice)


def ill(name: str, message: str, advice: str) -> Finding:
    return Finding(name, State.ERROR, message, advice)


def examine() -> list[Finding]:
    """All findings, in the order in which examinations were registered. None of them holds a secret."""
    return [finding for name, look in EXAMINATIONS.items() for finding in _looked(name, look)]


def is_well(findings: Iterable[Finding]) -> bool:
    """Warnings are for a person to read; errors are for a script too."""
    return all(finding.state != State.ERROR for finding in findings)


def as_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """`{"status": "ok" | "warning" | "error", "findings": [{"name", "state", "message", "advice"}]}`."""
    listed = [asdict(finding) for finding in findings]
    states = {finding["state"] for finding in listed}
    worst = next((state for state in (State.ERROR, State.WARNING) if state in states), State.OK)
    return {"status": worst, "findings": listed}


def _looked(name: str, look: Examination) -> list[Finding]:
    found: list[Finding] = []

    def work() -> None:
        try:
            found.extend(look())
        except Exception as error:
            words = without_secrets(f"{type(error).__name__}: {error}".strip())
            found.append(ill(name, words, "This could not be looked at; what it says is the cause."))
        finally:
            connection.close()

    thread = threading.Thread(target=work, daemon=True, name=f"doctor-{name}")
    thread.start()
    thread.join(DEADLINE_SECONDS)
    if thread.is_alive():
        return [ill(name, f"no answer within {DEADLINE_SECONDS:.0f} s", "Something hangs there: look at it.")]
    return found
