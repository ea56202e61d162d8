"""Bad input is a clear refusal, files harm no spreadsheet, and health says when nothing is added up."""

from __future__ import annotations

import csv
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Session
from analytics import exporting, health
from analytics.answers import features
from analytics.answers.window import last_days
from analytics.collecting.storing import store
from analytics.errors import UnknownFeature
from analytics.models import ErrorDay, Progress, UsageSession
from analytics.rollups import errors, running
from hazesite.error_reports.models import ErrorReport
from tests.analytics.test_collecting import seen

pytestmark = pytest.mark.django_db
TOMORROW = (timezone.now() + timedelta(days=2)).date()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("days=0", "days"), ("days=99999", "days"), ("days=7.0", "days"), ("days=", "days"),
        ("from=yesterday", "from"), ("from=2025-02-30", "from"), ("from=20250203", "from"), ("to=", "to"),
        ("platform=Amiga", "platform"), ("role=owner", "role"), ("version=%27;--", "version"),
        ("version=%00", "version"), ("version=2.4.1%0A", "version"),
    ],
)  # fmt: skip
def test_what_is_no_range_is_refused_by_name(client_of, moira, query, field):
    for path in ("data", "retention", "features", "errors"):
        answer = client_of(moira).get(f"/api/analytics/{path}?{query}")
        assert answer.status_code == 400, answer.content
        assert answer.json()["code"] == "invalid" and field in answer.json()["fields"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2025-03-01&to=2025-02-01", "from"), (f"to={TOMORROW}", "to"), ("from=1990-01-01", "from"),
        ("to=0001-01-02", "to"), ("from=0001-01-01", "from"), ("days=7&to=2025-02-01", "days"),
    ],
)  # fmt: skip
def test_impossible_ranges_are_refused_by_name(client_of, moira, query, field):
    for path in ("data", "retention", "features", "features/profile", "errors"):
        answer = client_of(moira).get(f"/api/analytics/{path}?{query}")
        assert answer.status_code == 409, answer.content
        assert answer.json()["code"] == "bad_range" and field in answer.json()["fields"]


def test_unknown_features_and_funnels_are_refused(client_of, moira):
    client = client_of(moira)
    answer = client.get("/api/analytics/features/no.such?from=2025-03-01&to=2025-02-01")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_feature")
    for steps in ("tickets.list", "tickets.list,no.such", ",", ",".join(["tickets.list"] * 9)):
        answer = client.get("/api/analytics/funnel", {"steps": steps})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert "tickets.rate" in answer.json()["fields"]["steps"][0]
    with pytest.raises(UnknownFeature):
        features.funnel(last_days(7), ["tickets.list", "no.such"])


def test_dashboards_get_every_key_the_contract_names(client_of, moira, ada, alice):
    store([seen(alice.pk, ago=60), seen(alice.pk)])
    running.run()
    stats = client_of(moira).get("/api/stats?days=7").json()
    assert stats["total_users"] == 3 and stats["total_sessions"] == 1 and stats["total_actions"] == 2
    assert stats["active_users_7d"] == 1 and stats["avg_session_duration"] == 60
    assert client_of(moira).get("/api/stats?days=8").status_code == 400
    metrics = client_of(moira).get("/api/analytics/data").json()["metrics"]
    assert {"users", "sessions", "durations", "features", "platforms", "versions", "errors"} <= metrics.keys()
    [session] = client_of(ada).get("/api/active-sessions").json()["sessions"]
    assert session["user_id"] == alice.user_id and session["duration"] == 60
    assert session["session_id"] and session["last_activity"].endswith("Z") and session["platform"] == "Web"
    assert client_of(moira).get("/api/analytics/live").json() == {"online": 1, "platforms": {"Web": 1}}


def test_who_is_here_now_was_seen_within_minutes(client_of, ada, alice, mallory, moira):
    store([seen(alice.pk, ago=20), seen(mallory.pk, ago=400), seen(moira.pk, ago=1900)])
    client = client_of(ada)
    assert client.get("/api/analytics/live").json() == {"online": 1, "platforms": {"Web": 1}}
    found = client.get("/api/active-sessions").json()["sessions"]
    assert [row["user_id"] for row in found] == [alice.user_id, mallory.user_id]


def test_each_answer_and_file_keeps_to_what_was_asked_about(client_of, ada, alice, mallory, moira):
    store([seen(alice.pk, platform="iOS", version="2.4.1"), seen(mallory.pk, version="2.5.0")])
    store([seen(moira.pk, role="moderator", version="2.5.0")])
    UsageSession.objects.update(ended_at=timezone.now())
    running.run()
    client = client_of(ada)
    for asked in ("platform=iOS", "role=moderator", "version=2.4.1"):
        name, value = asked.split("=")
        metrics = client.get(f"/api/analytics/data?{asked}").json()["metrics"]
        counts = [metrics["users"]["active"], metrics["sessions"]["total"], metrics["actions"]["total"]]
        assert counts == [1, 1, 1], asked
        for path in ("features", "features/tickets.list", "funnel?steps=tickets.list,tickets.read"):
            found = client.get(f"/api/analytics/{path}{'&' if '?' in path else '?'}{asked}").json()
            rows = found.get("features") or found.get("steps") or [found]
            assert rows[0]["users"] == 1, (path, asked)
        cohorts = client.get(f"/api/analytics/retention?by=day&{asked}").json()["cohorts"]
        assert sum(cohort["size"] for cohort in cohorts) == 1
        for dataset in ("features", "sessions"):
            answer = client.get(f"/api/analytics/export?format=json&dataset={dataset}&{asked}")
            rows = json.loads(b"".join(answer.streaming_content))
            assert [row[name] for row in rows] == [value], (dataset, asked)


def test_an_answer_costs_the_same_queries_whatever_there_is(
    client_of, moira, alice, django_assert_max_num_queries
):
    store([seen(alice.pk, feature=name) for name in ("tickets.list", "memes.random", "profile")])
    running.run()
    client = client_of(moira)
    with django_assert_max_num_queries(22):
        client.get("/api/analytics/data?days=90")
    with django_assert_max_num_queries(7):
        client.get("/api/stats")


def test_inactive_people_are_those_whose_sign_ins_are_old(client_of, alice, mallory, moira):
    long_ago = timezone.now() - timedelta(days=50)
    for user in (alice, mallory):
        client_of(user)
        type(user).objects.filter(pk=user.pk).update(created_at=long_ago, last_login=long_ago)
        Session.objects.filter(user=user).update(last_seen_at=long_ago)
    client_of(mallory)  # comes back
    blocked = type(alice).objects.create_user("mira", created_at=long_ago, is_active=False)
    assert blocked.created_at == long_ago
    found = client_of(moira).get("/api/analytics/inactive-users?days=30").json()
    assert [row["username"] for row in found["users"]] == ["alice"] and found["total"] == 1
    assert client_of(moira).get("/api/analytics/inactive-users?days=366").status_code == 400


# --- errors ------------------------------------------------------------------
def report(fingerprint: str, count: int, ago: int = 0) -> ErrorReport:
    at = timezone.now() - timedelta(days=ago)
    return ErrorReport.objects.create(
        fingerprint=fingerprint, exception="ValueError", place="x.py:f", where="", version="1", traceback="",
        count=count, first_seen_at=at, last_seen_at=at,
    )  # fmt: skip


def test_errors_are_read_from_their_reports_and_counted_by_day(client_of, moira):
    bug = report("a" * 32, 5, ago=1)
    assert errors.add_up() == 1
    assert errors.add_up() == 0
    ErrorReport.objects.filter(pk=bug.pk).update(count=9, last_seen_at=timezone.now())
    errors.add_up()
    assert list(ErrorDay.objects.order_by("day").values_list("count", flat=True)) == [5, 4]
    bug.delete()
    report("a" * 32, 2)  # forgotten, and back
    errors.add_up()
    found = client_of(moira).get("/api/analytics/errors?days=2").json()
    assert found["total"] == 11 and [row["errors"] for row in found["per_day"]] == [5, 6]
    assert found["bugs"][0]["exception"] == "ValueError" and found["bugs"][0]["per_day"] == [5, 6]


# --- files -------------------------------------------------------------------
@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_of_a_file_is_a_formula(cell):
    assert exporting.harmless(cell) == f"'{cell}"
    assert exporting.harmless(-1) == -1 and exporting.harmless(None) == ""


COLUMNS = {
    "days": "day users new week month uses sessions avg_duration",
    "features": "day feature platform version role uses failures",
    "sessions": "id visitor started_at last_at actions platform version role device country",
    "tickets": "ticket__public_id opened_at type priority first_answer_seconds answered_by__user_id "
    "closed_at resolution_seconds closed_by__user_id reopened rating",
}


@pytest.mark.parametrize("dataset", COLUMNS)
def test_files_are_whole_in_both_formats(client_of, ada, alice, ticket, dataset):
    store([seen(alice.pk, device="=cmd|' /C calc'!A0")])
    UsageSession.objects.update(ended_at=timezone.now())
    running.run()
    path = f"/api/analytics/export?days=2&dataset={dataset}&format="
    text = b"".join(client_of(ada).get(f"{path}csv").streaming_content).decode()
    found = list(csv.DictReader(text.splitlines()))
    assert found and not any(cell.startswith(("=", "@")) for row in found for cell in row.values())
    rows = json.loads(b"".join(client_of(ada).get(f"{path}json").streaming_content))
    assert len(rows) == len(found) and list(rows[0]) == list(found[0]) == COLUMNS[dataset].split()


def test_a_file_is_sent_to_be_saved(client_of, ada, moira):
    answer = client_of(ada).get("/api/analytics/export?format=json&dataset=features")
    assert answer["Content-Disposition"].startswith("attachment") and answer["Content-Type"].startswith(
        "application/json"
    )
    assert client_of(moira).get("/api/analytics/export").status_code == 403


# --- health ------------------------------------------------------------------
def test_health_warns_when_nothing_is_added_up(settings):
    assert health.analytics().facts["enabled"] is False
    settings.ANALYTICS = True
    running.run()
    assert health.analytics().status == "ok" and health.analytics().facts["last_rollup_seconds"] < 60
    Progress.objects.update(ran_at=timezone.now() - timedelta(hours=1))
    assert health.analytics().status == "warning"
