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
        {"backup_passphrase": "hunter2-hunter2"},
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


def test_a_full_file_is_rotated_once_by_whoever_fills_it_and_followed_by_the_others(tmp_path):
    path = tmp_path / "some.log"
    processes = [
        logs.RotatingFile(str(path), maxBytes=1000, backupCount=5, delay=True, encoding="utf-8")
        for _ in range(2)
    ]
    said = [f"line {n:03} \ud800 ".ljust(50, "x") for n in range(60)]
    for number, text in enumerate(said):
        processes[number % 2].handle(logging.LogRecord("n", logging.INFO, "f", 1, text, None, None))
    files = [tmp_path / name for name in ("some.log.3", "some.log.2", "some.log.1", "some.log")]
    for process in processes:
        process.close()
    written = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    assert [line[:8] for line in written] == [text[:8] for text in said]
    assert (tmp_path / "some.log.3").exists() and not (tmp_path / "some.log.4").exists()
    assert max(file.stat().st_size for file in files) <= 1000 + len(said[0]) + 10


def test_a_line_is_made_once_for_all_that_write_it(configured, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(logging.getLogger().handlers[0], "stream", screen)
    structlog.get_logger("tickets").error(
        "broken", token="hunter2-hunter2", where="a.b", exc_info=ValueError("no")
    )
    (line,) = screen.getvalue().splitlines()
    assert {(configured / name).read_text() for name in ("hazebot-api.log", "error.log")} == {f"{line}\n"}
    found = json.loads(line)
    assert (found["event"], found["level"], found["logger"]) == ("broken", "error", "tickets")
    assert (found["token"], found["where"]) == (logs.MASK, "a.b")
    assert "ValueError" in found["exception"]
