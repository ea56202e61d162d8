"""`manage.py doctor`, and what each production checklist wants."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from botconfig.models import BotPresence
from hazesite.error_reports.models import ErrorReport
from hazesite.jobs.models import Job
from hazesite.operations import doctor
from hazesite.operations.backups import last_backup_file
from hazesite.operations.doctor import State
from tests.operations.house import House

KEY = "q8JfYk2uXz0TtVn7Lw4sRd9bEo1mHc6PgAi5yKvN3rBxW9eDq4LmZs7U"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": KEY,
    "PUBLIC_URL": "https://haze.invalid",
    "TRUSTED_PROXIES": "127.0.0.1",
    "RATELIMIT_ENABLE": "true",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    made = House(tmp_path_factory.mktemp("house"), **PRODUCTION)
    made.manage("prepare")
    return made


def told(house: House, code: int, **environment: str) -> dict[str, dict[str, str]]:
    done = house.run("doctor", "--json", **environment)
    assert done.returncode == code, done.stdout + done.stderr
    assert KEY not in done.stdout
    return {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}


@pytest.mark.server
@pytest.mark.workers
def test_a_site_that_is_set_up_well_has_no_error(house):
    page = house.run("doctor")
    assert page.returncode == 0 and "Traceback" not in page.stderr, page.stdout
    for line in ("versions: HazeBot", "migrations: all applied", "secret key: 56 characters", "proxies:"):
        assert f"ok      {line}" in page.stdout, page.stdout
    assert "warning backup: none was made here yet\n        -> Let cron" in page.stdout


@pytest.mark.server
@pytest.mark.workers
@pytest.mark.parametrize(
    ("environment", "name", "says"),
    [
        ({"DEBUG": "true"}, "settings", "DEBUG"),
        ({"PUBLIC_URL": "http://haze.invalid"}, "https", "PUBLIC_URL"),
        ({"TRUSTED_PROXIES": ""}, "proxies", "none is trusted"),
        ({"TRUSTED_PROXIES": "*"}, "proxies", "everybody is trusted"),
        ({"RATELIMIT_ENABLE": "false"}, "limits", "off"),
        ({"SECRET_KEY": "ab" * 30}, "secret key", "repeats"),
        ({"REDIS_URL": "redis://:hunter2-hunter2@127.0.0.1:9/0"}, "redis", "not reachable"),
        ({"DISCORD_TOKEN": "a.b.c", "DISCORD_GUILD_ID": "7"}, "bot", "never run"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_mistake_is_an_error_that_says_what_to_do(house, environment, name, says):
    found = told(house, 1, **environment)
    assert found[name]["state"] == "error" and says in found[name]["message"]
    assert found[name]["advice"] and "hunter2" not in json.dumps(found)


@pytest.mark.server
@pytest.mark.workers
def test_no_database_is_one_line_and_not_the_end_of_the_page(house):
    found = told(house, 1, DATABASE_URL="postgres://hazebot:hunter2-hunter2@127.0.0.1:9/haze")
    assert found["database"]["state"] == "error" and "not reachable" in found["database"]["message"]
    assert found["disk"]["state"] and "hunter2" not in json.dumps(found)


@pytest.mark.server
@pytest.mark.workers
def test_pending_migrations_are_an_error(tmp_path):
    found = told(House(tmp_path / "new", **PRODUCTION), 1)
    assert "Run manage.py prepare" in found["migrations"]["advice"]


@pytest.mark.server
@pytest.mark.workers
def test_production_passes_djangos_own_deployment_check(house):
    said = house.manage("check", "--deploy", "--fail-level", "WARNING")
    assert "no issues" in said


@pytest.mark.server
@pytest.mark.workers
@pytest.mark.parametrize(
    "environment",
    [
        {"SECRET_KEY": ""},
        {"SECRET_KEY": "short"},
        {"API_ADMIN_PASS": "changeme-changeme"},
        {"API_MONITORING_SECRET": "your-monitoring-secret"},
        {"JWT_TTL_DAYS": "8"},
        {"CORS_ORIGINS": "*"},
    ],
    ids=lambda value: next(iter(value)),
)
def test_what_the_checklist_forbids_does_not_start(house, environment):
    assert house.run("check", **environment).returncode == 78


def findings(name: str) -> list[doctor.Finding]:
    return doctor._looked(name, doctor.EXAMINATIONS[name])


def states(name: str) -> dict[str, State]:
    return {finding.name: finding.state for finding in findings(name)}


@pytest.mark.django_db(transaction=True)
def test_jobs_that_nobody_does_are_an_error():
    assert states("workers")["jobs"] == "ok"
    Job.objects.create(task="x", run_after=timezone.now() - timedelta(minutes=5))
    Job.objects.create(task="x", state=Job.State.DEAD)
    assert states("workers") | {"jobs": "error", "jobs given up": "warning"} == states("workers")


@pytest.mark.django_db(transaction=True)
def test_a_bot_that_went_away_is_an_error(settings):
    settings.DISCORD_TOKEN, settings.DISCORD_GUILD_ID = "a.b.c", 7
    bot = BotPresence.objects.create(until=timezone.now() + timedelta(seconds=30), facts={"connected": True})
    assert states("bot")["bot"] == "ok"
    bot.until = timezone.now() - timedelta(minutes=3)
    bot.save()
    (found,) = findings("bot")
    assert found.state == "error" and "3 min" in found.message


@pytest.mark.django_db(transaction=True)
def test_an_unforeseen_error_is_told():
    assert states("errors")["errors"] == "ok"
    ErrorReport.objects.create(
        fingerprint="1", exception="E", place="p", where="w", version="1", traceback="t"
    )
    assert states("errors")["errors"] == "warning"


@pytest.mark.django_db(transaction=True)
def test_the_first_admin_with_a_default_password_is_an_error(settings, ada):
    settings.API_ADMIN_USER = "ada"
    assert states("accounts")["admin"] == "ok"
    ada.set_password("admin")
    ada.save()
    assert states("accounts")["admin"] == "error"


@pytest.mark.django_db(transaction=True)
def test_an_old_backup_is_told(settings, tmp_path):
    settings.DATA_DIR, settings.PRODUCTION = tmp_path, True
    assert states("backup")["backup"] == "warning"
    for hours, encrypted, state in ((3, True, "ok"), (3, False, "warning"), (72, True, "warning")):
        made = (timezone.now() - timedelta(hours=hours)).isoformat()
        last_backup_file().write_text(json.dumps({"created_at": made, "encrypted": encrypted}))
        assert states("backup")["backup"] == state


@pytest.mark.django_db(transaction=True)
def test_uploads_that_cannot_be_written_are_an_error(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "uploads"
    assert states("uploads")["uploads"] == "error"


def test_old_push_credentials_are_told(settings, tmp_path, monkeypatch):
    file: Path = tmp_path / "firebase.json"
    file.write_text("{}")
    settings.FCM_CREDENTIALS = {"client_email": "hazebot@example.org"}
    monkeypatch.setenv("FCM_CREDENTIALS", str(file))
    assert states("fcm")["fcm"] == "ok"
    old = time.time() - 200 * 86_400
    os.utime(file, (old, old))
    assert states("fcm")["fcm"] == "warning"


def test_an_examination_that_hangs_or_raises_is_one_line(monkeypatch):
    monkeypatch.setattr(doctor, "DEADLINE_SECONDS", 0.1)

    def raises():
        raise RuntimeError("password=hunter2-hunter2")
        yield

    (hung,) = doctor._looked("slow", lambda: time.sleep(1) or [])
    (raised,) = doctor._looked("broken", raises)
    assert hung.state == raised.state == "error"
    assert "hunter2" not in raised.message and "RuntimeError" in raised.message
