from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from hazesite import logs

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    "line",
    [
        {"password": "hunter2-hunter2"},
        {"body": {"client_secret": "hunter2-hunter2"}},
        {"event": f"WebSocket /ws/tickets/1/?token={TOKEN}"},
        {"event": "GET /x?token=hunter2-hunter2&y=1"},
        {"headers": ["Authorization: Bearer hunter2-hunter2"]},
        {"Authorization": "hunter2-hunter2"},
        {"event": "cannot reach redis://:hunter2-hunter2@cache:6379/0"},
        {"error": f"JWT {TOKEN} expired"},
    ],
)
def test_secrets_are_masked(line):
    written = json.dumps(logs.hide_secrets(None, "", line))
    assert "hunter2-hunter2" not in written and TOKEN not in written
    assert logs.MASK in written


def test_ordinary_lines_stay_as_they_are():
    line = {"event": "request", "path": "/api/tickets", "status": 200, "ms": 3.2}
    assert logs.hide_secrets(None, "", line) == line


@pytest.fixture
def configured(tmp_path):
    """Logging as in production, into a folder; the tests' own comes back afterwards."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    logs.configure(tmp_path, as_json=True, level="INFO")
    yield tmp_path
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)


def test_production_writes_json_into_three_files(configured, monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    logging.getLogger("tickets").info("opened %s", 7)
    logging.getLogger("tickets").error("broken", exc_info=ValueError("no"))
    logging.getLogger("analytics").info("a session began")

    def lines(name: str) -> list[dict]:
        return [json.loads(line) for line in (configured / name).read_text().splitlines()]

    assert [line["event"] for line in lines("hazebot-api.log")] == ["opened 7", "broken"]
    assert lines("hazebot-api.log")[0]["timestamp"].endswith("Z")
    assert "ValueError" in lines("error.log")[0]["exception"]
    assert [line["event"] for line in lines("analytics.log")] == ["a session began"]
