"""schemathesis against a real site, signed in as somebody of each role."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.serving import PASSWORDS, ROOT, Server, serving

ROLES = {"member": "alice", "moderator": "moira", "admin": "ada"}
SOMEBODY = "mallory"
NOT_YET = "^/api/(analytics|stats|active-sessions)"
"""Calls that still refuse with a 400 what the document does not forbid; `make fuzz` leaves them out too."""
CONFIGURED = {"ROCKET_LEAGUE_API_KEY": "", "MAIL_SERVER": "", "FCM_CREDENTIALS": ""}


@contextmanager
def fuzzed_site(data: Path) -> Iterator[Server]:
    """With a ticket of the member's, so that there is something to find."""
    with serving(data, environment=CONFIGURED) as server:
        server.open_ticket()
        yield server


def command(server: Server, *options: str) -> list[str]:
    config = str(ROOT / "schemathesis.toml")
    program = str(Path(sys.executable).parent / "schemathesis")
    document = f"{server.url}/api/schema"
    asked = ["--checks", "all", "--no-color", "--exclude-path-regex", NOT_YET]
    return [program, "--config-file", config, "run", document, *asked, *options]


def environment(server: Server, role: str) -> dict[str, str]:
    name = ROLES[role]
    ids = {who: server.client(who).get("/api/users/me").json()["user_id"] for who in PASSWORDS}
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "FUZZ_USER": name,
        "FUZZ_PASSWORD": PASSWORDS[name],
        "FUZZ_PEOPLE": ",".join(ids[who] for who in ROLES.values()),
        "FUZZ_SOMEBODY": ids[SOMEBODY],
    }


def fuzz(server: Server, role: str, *options: str, **running: object) -> subprocess.CompletedProcess[str]:
    """Whether it found something is the return code; afterwards whoever it was is still what they were."""
    known = environment(server, role)
    result: subprocess.CompletedProcess[str] = subprocess.run(
        command(server, *options), env=known, cwd=ROOT, text=True, **running
    )
    with server.client(ROLES[role]) as client:
        assert client.get("/api/users/me").json()["role"] == {"member": "lootling"}.get(role, role)
    return result
