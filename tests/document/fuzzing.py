"""schemathesis against a real site, signed in as somebody of each role."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.serving import PASSWORDS, ROOT, Server, serving

ROLES = {"member": "alice", "moderator": "moira", "admin": "ada"}
SOMEBODY = "mallory"
CONFIGURED = {"ROCKET_LEAGUE_API_KEY": "", "MAIL_SERVER": "", "FCM_CREDENTIALS": ""}


@contextmanager
def fuzzed_site(data: Path) -> Iterator[Server]:
    """With a ticket of the member's and a monitor that is down, so that there is something to find."""
    with serving(data, environment=CONFIGURED) as server:
        server.open_ticket()
        with server.client("ada") as ada:
            furnish(ada)
        yield server


def furnish(ada: httpx.Client) -> None:
    """One of everything that admins make and staff read."""

    def add(path: str, **body: Any) -> dict[str, Any]:
        made: dict[str, Any] = ada.post(f"/api/{path}", json=body).raise_for_status().json()["data"]
        return made

    channel = add("notification-channels", name="Team", type="push", config={"roles": ["admin"]})["id"]
    steps = [{"after_minutes": 0, "channels": [channel]}]
    policy = add("escalation-policies", name="Nights", steps=steps)["id"]
    push = add("monitors", name="Backup", type="push", tags=["night"], notification_channels=[channel])
    site = push["push_url"].partition("/api/")[0]
    settings = {"headers": {"X-Secret": "s3cret"}, "severity": "critical", "escalation": policy}
    down = add("monitors", name="Site", type="http", url=f"{site}/api/nothing", **settings)["id"]
    window = {"starts_at": "2050-01-01T03:00:00Z", "duration_minutes": 60, "recurrence": "FREQ=WEEKLY"}
    add("maintenance", name="Updates", monitors=[down], **window)
    add("status-pages", slug="status", title="Status", monitors=[{"monitor": down}])
    ada.post(f"/api/monitors/{down}/check-now").raise_for_status()
    deadline = time.monotonic() + 30
    while not ada.get("/api/incidents").json()["data"]:
        assert time.monotonic() < deadline, "no engine looked at it"
        time.sleep(0.2)


def command(server: Server, *options: str) -> list[str]:
    config = str(ROOT / "schemathesis.toml")
    program = str(Path(sys.executable).parent / "schemathesis")
    document = f"{server.url}/api/schema"
    asked = ["--checks", "all", "--no-color"]
    return [program, "--config-file", config, "run", document, *asked, *options]


def push_token(server: Server) -> str:
    with server.client("ada") as ada:
        [found, *_more] = ada.get("/api/monitors?type=push&q=Backup").raise_for_status().json()["data"]
    return str(found["push_url"]).rpartition("/")[2]


def environment(server: Server, role: str) -> dict[str, str]:
    name = ROLES[role]
    ids = {who: server.client(who).get("/api/users/me").json()["user_id"] for who in PASSWORDS}
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "FUZZ_USER": name,
        "FUZZ_PASSWORD": PASSWORDS[name],
        "FUZZ_PEOPLE": ",".join(ids[who] for who in ROLES.values()),
        "FUZZ_SOMEBODY": ids[SOMEBODY],
        "FUZZ_PUSH": push_token(server),
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
