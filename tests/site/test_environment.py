"""What the environment may say, read by a fresh interpreter as at a real start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hazesite.environment import is_weak
from tests.serving import ROOT

STRONG = "x9" * 24


def run(tmp_path: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    bare |= {"DATA_DIR": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": "hazesite.settings"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=bare | environment, capture_output=True, text=True
    )


def setting(tmp_path: Path, name: str, **environment: str) -> str:
    command = f"from django.conf import settings; print(settings.{name})"
    return run(tmp_path, "-c", command, **environment).stdout.strip()


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("Yes", True), ("1", True), ("no", False), ("0", False)]
)
def test_yes_and_no_in_many_ways(tmp_path, text, value):
    assert setting(tmp_path, "RATELIMIT_ENABLE", RATELIMIT_ENABLE=text) == str(value)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"API_PORT": "many"}, "API_PORT"),
        ({"RATELIMIT_ENABLE": "perhaps"}, "RATELIMIT_ENABLE"),
        ({"ENVIRONMENT": "staging"}, "ENVIRONMENT is 'staging'"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS has '*'"),
        ({"CORS_ORIGINS": "https://app.example.org/path"}, "an origin is exact"),
        ({"JWT_TTL_DAYS": "8"}, "7 days at most"),
        ({"API_EXTRA_USERS": "nobody"}, "API_EXTRA_USERS"),
        ({"API_EXTRA_USERS": "a:b,a:c"}, "names a user twice"),
        ({"ADMIN_ROLE_ID": "boss"}, "ADMIN_ROLE_ID"),
        ({"PUBLIC_URL": "example"}, "PUBLIC_URL"),
        ({"SECRET_KEY_FILE": "/no/such/file"}, "SECRET_KEY"),
        ({"ENVIRONMENT": "production"}, "SECRET_KEY is not set"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": "changeme" * 5}, "SECRET_KEY is a placeholder"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": STRONG, "API_ADMIN_PASS": "changeme"}, "API_ADMIN_PASS"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": STRONG, "API_ADMIN_PASS": "password123"}, "_PASS"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": STRONG, "API_EXTRA_USERS": "eve:changeme"}, "eve"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_sentence(tmp_path, environment, sentence):
    found = run(tmp_path, "manage.py", "web", **environment)
    assert found.returncode == 78
    assert sentence in found.stderr
    assert found.stderr.startswith("HazeBot cannot start: ") and found.stderr.count("\n") == 1


def test_a_secret_is_made_once_and_kept_from_others(tmp_path):
    first = setting(tmp_path, "SECRET_KEY")
    assert setting(tmp_path, "SECRET_KEY") == first
    assert len(first) >= 32
    assert (tmp_path / "data/secret_key").stat().st_mode & 0o077 == 0


def test_a_value_may_come_from_a_file(tmp_path):
    (tmp_path / "pass").write_text("from-a-mounted-secret\n")
    found = setting(tmp_path, "API_ADMIN_PASS", API_ADMIN_PASS_FILE=str(tmp_path / "pass"))
    assert found == "from-a-mounted-secret"


def test_extra_users_may_have_colons_in_their_passwords(tmp_path):
    given = "a:pw, b:p:w:moderator,c:x:y,d:admin"
    assert setting(tmp_path, "API_EXTRA_USERS", API_EXTRA_USERS=given) == (
        "[('a', 'pw', 'admin'), ('b', 'p:w', 'moderator'), ('c', 'x:y', 'admin'), ('d', 'admin', 'admin')]"
    )


def test_an_empty_variable_means_the_default(tmp_path):
    assert setting(tmp_path, "API_PORT", API_PORT="") == "5070"


def test_the_public_address_follows_the_port(tmp_path):
    assert setting(tmp_path, "PUBLIC_URL", API_PORT="5099") == "http://localhost:5099"


def test_the_web_app_is_where_the_server_is(tmp_path):
    assert setting(tmp_path, "WEB_APP_URL", PUBLIC_URL="https://haze.example") == "https://haze.example"


def test_redis_host_and_port_make_an_address(tmp_path):
    found = setting(tmp_path, "REDIS_URL", REDIS_HOST="cache", REDIS_PORT="6380")
    assert found == "redis://cache:6380/0"


@pytest.mark.parametrize(
    "password", ["changeme", "CHANGEME1", "password123", "your-secure-password", "qwertyuiop"]
)
def test_weak_passwords_are_known(password):
    assert is_weak(password)


def test_a_strong_one_is_not_weak():
    assert not is_weak("plover-xyzzy-41")
