"""Tokens of uptime monitors: who gets one, what it says, how they are replaced, and the script that asks."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from io import StringIO
from ipaddress import ip_network
from pathlib import Path

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import monitoring_tokens, services, tokens
from accounts.models import Session, User
from accounts.services import Device
from tests.serving import serving

URL = "/api/auth/monitoring-token"
SECRET = {"secret": "a-secret-of-the-tests"}


def test_a_monitoring_token_is_for_those_with_the_secret_and_for_admins(ada, alice, anonymous, client_of):
    url = "/api/auth/monitoring-token"
    body = anonymous.post(url, {"secret": "a-secret-of-the-tests"}).json()
    lifetime = timezone.now().date() + timedelta(days=90)
    assert body["expires"] == lifetime.isoformat()
    assert client_of(ada).post(url).status_code == 200
    assert anonymous.post(url, {"secret": "wrong"}).status_code == 401
    assert anonymous.post(url).status_code == 401
    assert client_of(alice).post(url).status_code == 403
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer long-expired")
    assert anonymous.post(url, {"secret": "a-secret-of-the-tests"}).status_code == 200
    assert User.objects.filter(is_service=True).count() == 1


def test_guessing_the_secret_is_limited(db, anonymous, counted_limits):
    codes = [anonymous.post("/api/auth/monitoring-token", {"secret": str(n)}).status_code for n in range(11)]
    assert codes == [401] * 10 + [429]


def test_what_a_token_says_and_what_is_kept_of_it(db, anonymous):
    token = anonymous.post(URL, SECRET).json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["user"], claims["role"]) == ("uptime_kuma_monitor", "monitoring")
    assert claims["permissions"] == ["health_check", "ping", "analytics_read"]
    assert claims["exp"] - claims["iat"] == 90 * 86400
    row = Session.objects.get()
    assert (row.kind, row.name, row.ended_at) == ("monitoring", "With the secret", None)
    assert row.expires_at == row.generation_at + timedelta(days=90)


def test_it_says_who_made_it_and_when_it_was_used(ada, client_of, anonymous):
    token = client_of(ada).post(URL).json()["token"]
    row = Session.objects.get(kind="monitoring")
    Session.objects.filter(pk=row.pk).update(last_seen_at=row.created_at - timedelta(hours=1))
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert anonymous.get("/api/ping").status_code == 200
    row.refresh_from_db()
    assert row.name == "By ada" and row.last_seen_at >= row.created_at
    services.end_session(row)
    assert anonymous.get("/api/ping").status_code == 401


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("192.0.2.7", 200),
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("192.0.2.8", 403),
        ("::1", 403),
        ("", 403),
    ],
)
def test_only_addresses_of_the_list_get_one(db, ada, client_of, anonymous, settings, address, status):
    settings.MONITORING_ALLOWED_IPS = [ip_network("192.0.2.7"), ip_network("10.0.0.0/8")]
    for client, body in ((anonymous, SECRET), (client_of(ada), {})):
        answer = client.post(URL, body, REMOTE_ADDR=address)
        assert answer.status_code == status
        assert status == 200 or answer.json()["code"] == "address_not_allowed"


def test_a_wrong_secret_from_elsewhere_tells_nothing(db, anonymous, settings):
    settings.MONITORING_ALLOWED_IPS = [ip_network("192.0.2.7")]
    said = [anonymous.post(URL, {"secret": secret}).json()["code"] for secret in ("wrong", SECRET["secret"])]
    assert said == ["address_not_allowed"] * 2


# --- replacing them ----------------------------------------------------------
def rotate(*arguments: str) -> tuple[str, str]:
    out, told = StringIO(), StringIO()
    call_command("rotate_monitoring_token", *arguments, stdout=out, stderr=told)
    return out.getvalue().strip(), told.getvalue()


def age(days: int) -> None:
    """So much time passes for everything that is there."""
    for row in Session.objects.all():
        moved = {name: getattr(row, name) - timedelta(days=days) for name in TIMES}
        Session.objects.filter(pk=row.pk).update(**moved)


TIMES = ("created_at", "generation_at", "last_seen_at", "expires_at")


def is_good(token: str) -> bool:
    try:
        return services.authenticate(token).user.role == "monitoring"
    except services.Unauthenticated:
        return False


def test_the_first_rotation_makes_a_token_and_the_next_leaves_it(db):
    token, told = rotate()
    assert is_good(token) and "A new token" in told
    age(59)
    assert rotate()[0] == ""
    assert Session.objects.count() == 1


def test_an_old_one_is_replaced_and_good_for_a_week_more(db):
    first, _told = rotate()
    age(61)
    # Made anew: the text of a token says when it was made.
    first = tokens.issue(Session.objects.get())
    second, _told = rotate()
    assert is_good(first) and is_good(second)
    age(6)
    assert "Revoked: 0" in rotate()[1]
    assert is_good(tokens.issue(Session.objects.earliest("created_at")))
    age(2)
    assert "Revoked: 1" in rotate()[1]
    old, new = Session.objects.order_by("created_at")
    assert (old.end_reason, new.ended_at) == ("rotated", None)
    assert not is_good(tokens.issue(old)) and is_good(tokens.issue(new))


def test_tokens_asked_for_side_by_side_do_not_replace_each_other(db):
    for _ in range(2):
        monitoring_tokens.issue("a-secret-of-the-tests", None, Device())
    age(30)
    assert "Revoked: 0" in rotate()[1]
    assert Session.objects.live().count() == 2


def test_monitors_of_this_site_always_have_a_token(db, django_assert_num_queries):
    first = monitoring_tokens.own_token()
    assert is_good(first)
    with django_assert_num_queries(1):
        second = monitoring_tokens.own_token()
    assert is_good(second)
    age(82)
    assert Session.objects.count() == 1 and is_good(monitoring_tokens.own_token())
    age(2)  # it ends within a week
    assert is_good(monitoring_tokens.own_token())
    assert Session.objects.live().count() == 2


def test_the_newest_is_the_one_that_monitors_of_this_site_use(db):
    monitoring_tokens.own_token()
    age(61)
    rotate()
    newest = Session.objects.latest("created_at")
    assert tokens.read(monitoring_tokens.own_token()).session == newest.key


def test_a_blocked_service_user_is_given_no_token(db):
    monitoring_tokens.own_token()
    User.objects.update(is_active=False)
    assert monitoring_tokens.own_token() == ""
    assert Session.objects.count() == 1


def test_rotating_leaves_people_alone(alice):
    session = services.start_session(alice, Device())
    rotate()
    age(3)
    rotate("--max-age-days", "1", "--overlap-days", "0")
    age(1)
    rotate("--overlap-days", "0")
    session.refresh_from_db()
    assert session.ended_at is None


def test_a_file_holds_the_newest_for_nobody_else_to_read(db, tmp_path):
    file = tmp_path / "token"
    file.write_text("old")
    file.chmod(0o644)
    printed, _told = rotate("--output", str(file))
    token = file.read_text().strip()
    assert printed == "" and is_good(token)
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    rotate("--output", str(file))  # the one that is there, since it is young
    assert file.read_text().strip() == token
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_file_that_cannot_be_written_is_an_error(db, tmp_path):
    with pytest.raises(CommandError, match="could not be written"):
        rotate("--output", str(tmp_path / "nowhere" / "token"))


# --- the script --------------------------------------------------------------
SCRIPT = Path(__file__).resolve().parents[2] / "scripts/generate_monitoring_token.sh"


def ask(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("API_")}
    return subprocess.run(
        [SCRIPT], env=kept | environment, cwd=folder, capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.server
@pytest.mark.workers
def test_the_script_gets_a_token_and_says_what_is_wrong(tmp_path):
    secret = 'a monitor\'s "secret" \\ of the tests'
    with serving(tmp_path / "data", environment={"API_MONITORING_SECRET": secret}) as server:
        asked = ask(tmp_path, API_URL=f"{server.url}/", API_MONITORING_SECRET=secret)
        assert asked.returncode == 0, asked.stderr
        file = tmp_path / "monitoring_token.txt"
        token = file.read_text().strip()
        assert file.stat().st_mode & 0o777 == 0o600 and token in asked.stdout
        assert jwt.decode(token, options={"verify_signature": False})["role"] == "monitoring"
        bare = ask(tmp_path, API_URL=server.url, API_MONITORING_SECRET=secret, OUTPUT_FILE="-")
        assert bare.stdout.strip().count(".") == 2
        wrong = ask(tmp_path, API_URL=server.url, API_MONITORING_SECRET="wrong", OUTPUT_FILE="other")
        assert (wrong.returncode, wrong.stdout) == (1, "") and "HTTP 401" in wrong.stderr
        assert not (tmp_path / "other").exists()
    assert "set API_MONITORING_SECRET" in ask(tmp_path, API_URL=server.url).stderr
    gone = ask(tmp_path, API_URL=server.url, API_MONITORING_SECRET="x")
    assert gone.returncode == 1 and "no answer from" in gone.stderr
