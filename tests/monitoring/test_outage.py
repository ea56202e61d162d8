"""An outage, as whoever is called at night lives it: one site as it is served, a target, a mail server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from tests.servers.smtp import MailServer
from tests.servers.targets import Targets
from tests.serving import serving

pytestmark = [pytest.mark.server, pytest.mark.workers]
PATIENCE = 60


@pytest.fixture
def target() -> Iterator[Targets]:
    server = Targets().start()
    yield server
    server.stop()


@pytest.fixture
def mails() -> Iterator[MailServer]:
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture
def admin(tmp_path, mails) -> Iterator[httpx.Client]:
    given = {
        "MONITOR_ALLOW_PRIVATE_TARGETS": "true",
        "MONITOR_MIN_INTERVAL": "1",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(mails.port),
        "MAIL_USE_TLS": "false",
        "MAIL_DEFAULT_SENDER": "HazeBot <haze@example.org>",
    }
    with serving(tmp_path / "data", environment=given) as server, server.client("ada") as client:
        yield client


def made(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def wait(until: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := until()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.2)
    return found


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_an_outage_is_followed_from_its_first_failure_to_the_mail_that_it_is_over(admin, target, mails):
    config = {"to_email": "ops@example.org"}
    made(admin, "/api/notification-channels", name="Ops", type="email", config=config, default=True)
    rules = {"severity": "critical", "interval": 1, "retries": 1, "retry_interval": 1, "timeout": 5}
    url = f"{target.base_url}/settable"
    key = made(admin, "/api/monitors", name="Shop", type="http", url=url, **rules)["id"]

    def status() -> str:
        return str(admin.get(f"/api/monitors/{key}").json()["data"]["status"])

    wait(lambda: status() == "up")
    assert mails.letters.taken == []
    target.status = 503
    [told] = wait(lambda: mails.letters.taken)
    assert told["To"] == "ops@example.org" and told["Subject"] == "Shop is down"
    assert "503" in text_of(told) and status() == "down"
    [incident] = admin.get("/api/incidents").json()["data"]
    assert incident["state"] == "open"

    assert admin.post(f"/api/incidents/{incident['id']}/acknowledge", json={}).status_code == 200
    target.status = 200
    wait(lambda: status() == "up")
    _told, over = wait(lambda: mails.letters.taken[1:] and mails.letters.taken)
    assert over["Subject"] == "Shop is up again" and "It was down for" in text_of(over)
    [incident] = admin.get("/api/incidents").json()["data"]
    assert incident["state"] == "resolved" and incident["acknowledged_by"]
    checks = admin.get(f"/api/monitors/{key}/checks").json()["data"]
    failed = [check for check in checks if not check["is_up"]]
    assert failed and all("503" in check["error"] for check in failed)
