from __future__ import annotations

import pytest
from django.utils import timezone

from monitoring.models import Monitor, MonitorState


@pytest.fixture
def push(client) -> str:
    """The path to call in at."""
    url = client.post("/api/monitors", {"name": "Backup", "type": "push", "interval": 3600}).json()["data"][
        "push_url"
    ]
    return str(url[url.index("/api/push/") :])


def test_who_knows_the_address_calls_in_without_a_token(anonymous, push):
    answer = anonymous.get(f"{push}?status=up&msg=OK&ping=12.5")
    assert (answer.status_code, answer.json()["ok"], answer.json()["status"]) == (200, True, "success")
    state = MonitorState.objects.get()
    assert state.pushed_at is not None
    assert state.next_check_at <= timezone.now()


@pytest.mark.parametrize("query", ["", "?ping=", "?status=&msg=&ping=null", "?other=1&msg=%F0%9F%A6%80"])
def test_what_uptime_kuma_takes_is_taken(anonymous, push, query):
    assert anonymous.get(push + query).status_code == 200


def test_a_body_will_do_too(anonymous, push):
    assert anonymous.post(push, {"status": "up", "ping": 5}, format="json").status_code == 200
    assert (
        anonymous.post(push, "status=up&msg=x", content_type="application/x-www-form-urlencoded").status_code
        == 200
    )
    assert anonymous.post(push, {"ping": "5.5", "msg": ""}, format="json").status_code == 200
    assert MonitorState.objects.get().pushed_at


@pytest.mark.parametrize(
    ("query", "body"),
    [("?status=down&msg=disk+full", {}), ("", {"status": "down"}), ("?status=down", {"status": "up"})],
)
def test_who_says_that_it_is_down_is_believed(anonymous, push, query, body):
    anonymous.get(push)
    assert anonymous.post(push + query, body, format="json").status_code == 200
    state = MonitorState.objects.get()
    assert state.pushed_at is None
    assert state.next_check_at <= timezone.now()


@pytest.mark.parametrize(
    "query", ["status=maybe", "ping=-1", "ping=x", "ping=inf", "ping=nan", "msg=" + "x" * 251]
)
def test_bad_signs_are_refused(anonymous, push, query):
    answer = anonymous.get(f"{push}?{query}")
    assert (answer.status_code, answer.json()["status"]) == (400, "error")
    assert anonymous.post(push, [1], format="json").status_code == 400
    assert anonymous.post(f"{push}?{query}", {"status": "up", "ping": 1}, format="json").status_code == 400
    assert MonitorState.objects.get().pushed_at is None


@pytest.mark.parametrize("token", ["x", "none", "a" * 300, "%F0%9F%A6%80", "..", "1 or 1=1"])
def test_unknown_tokens(anonymous, push, token):
    assert anonymous.get(f"/api/push/{token}").status_code == 404


def test_a_paused_monitor_takes_none(anonymous, client, push):
    client.post(f"/api/monitors/{Monitor.objects.get().pk}/pause")
    answer = anonymous.get(push)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_new_token_voids_the_old_one(anonymous, client, staff, push):
    key = Monitor.objects.get().pk
    url = client.patch(f"/api/monitors/{key}", {"new_push_token": True}).json()["data"]["push_url"]
    assert anonymous.get(push).status_code == 404
    assert anonymous.get(url[url.index("/api/push/") :]).status_code == 200
    assert "push_url" not in staff.get(f"/api/monitors/{key}").json()["data"]


def answers_until_refused(call, most: int) -> list:
    """Counting begins anew with each minute, which may end meanwhile: then it takes up to twice as many."""
    answers = []
    while len(answers) < 2 * most + 1:
        answers.append(call())
        if answers[-1].status_code == 429:
            break
    return answers


def test_guessing_and_flooding_are_limited(anonymous, push, counted_limits):
    *taken, refused = answers_until_refused(lambda: anonymous.get(push), 120)
    assert {answer.status_code for answer in taken} == {200} and len(taken) >= 120
    assert (refused.status_code, "Retry-After" in refused) == (429, True)
    *missed, refused = answers_until_refused(lambda: anonymous.get("/api/push/guess"), 30)
    assert {answer.status_code for answer in missed} == {404} and len(missed) >= 30
    assert refused.status_code == 429
