"""Every version of a section over HTTP: who made it, what differed, and the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from botconfig import services
from botconfig.events import SectionChanged
from botconfig.models import Section, SectionVersion
from botconfig.sections import defaults
from hazesite import events

pytestmark = pytest.mark.django_db
GENERAL = "/api/config/general"


@pytest.fixture
def admin(ada, client_of):
    return client_of(ada)


def history(admin, section="general", **query):
    return admin.get(f"/api/config/{section}/history", query).json()


def roll_back(admin, version, section="general", **more):
    return admin.post(f"/api/config/{section}/rollback", {"version": version}, **more)


def test_each_change_is_a_version_with_who_when_and_what(admin, ada):
    before = timezone.now()
    admin.put(GENERAL, {"bot_name": "Hazel"})
    admin.put(GENERAL, {"bot_name": "Haze", "message_cooldown": 9})
    newest, first = history(admin)["history"]
    assert (newest["version"], newest["by"], newest["by_name"]) == (2, ada.user_id, "ada")
    assert newest["changes"] == {
        "bot_name": {"from": "Hazel", "to": "Haze"},
        "message_cooldown": {"from": 5, "to": 9},
    }
    assert first["changes"] == {"bot_name": {"from": "Haze World Bot", "to": "Hazel"}}
    assert before.isoformat()[:19] <= first["at"][:19] and first["at"].endswith("Z")
    assert [one["reason"] for one in (newest, first)] == ["change", "change"]


def test_a_rollback_is_a_version_of_its_own_and_keeps_the_mistake(admin):
    tag = [admin.put(GENERAL, {"bot_name": name})["ETag"] for name in ("A", "B", "C")][-1]
    answer = roll_back(admin, 1, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["bot_name"], answer["ETag"]) == (200, "A", '"4"')
    newest = history(admin)["history"][0]
    assert (newest["reason"], newest["restored"], newest["changes"]) == (
        "rollback",
        1,
        {"bot_name": {"from": "C", "to": "A"}},
    )
    assert roll_back(admin, 3).json()["bot_name"] == "C"
    assert [one["version"] for one in history(admin)["history"]] == [5, 4, 3, 2, 1]


def test_version_0_is_the_defaults(admin):
    admin.put(GENERAL, {"bot_name": "A", "command_prefix": "?"})
    assert roll_back(admin, 0).json() == defaults("general")
    assert roll_back(admin, 0, "welcome").json() == defaults("welcome")


@pytest.mark.parametrize("version", [1, 7, 2**31 - 1])
def test_an_unknown_version_is_404_and_changes_nothing(admin, version):
    admin.put("/api/config/welcome", {"rules_text": "Another section's version 1."})
    answer = roll_back(admin, version)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_version")
    assert not Section.objects.filter(name="general").exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": "1"},
        {"version": -1},
        {"version": True},
        {"version": 2**40},
        {"version": 0, "x": 1},
        [],
    ],
)
def test_a_bad_version_is_400(admin, body):
    admin.put(GENERAL, {"bot_name": "A"})
    answer = admin.post(f"{GENERAL}/rollback", body)
    assert answer.status_code == 400 and answer.json()["fields"]
    assert SectionVersion.objects.count() == 1


@pytest.mark.parametrize(("verb", "body"), [("reset", {}), ("rollback", {"version": 0})])
def test_reset_and_rollback_take_if_match(admin, verb, body):
    tag = admin.put(GENERAL, {"bot_name": "A"})["ETag"]
    admin.put(GENERAL, {"bot_name": "B"})
    stale = admin.post(f"{GENERAL}/{verb}", body, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert admin.get(GENERAL).json()["bot_name"] == "B"
    current = admin.get(GENERAL)["ETag"]
    assert admin.post(f"{GENERAL}/{verb}", body, headers={"If-Match": current}).status_code == 200


def test_what_changes_nothing_is_no_version(admin):
    admin.post(f"{GENERAL}/reset")
    admin.put(GENERAL, {"bot_name": "Haze World Bot"})
    assert history(admin)["history"] == []
    admin.put(GENERAL, {"bot_name": "A"})
    roll_back(admin, 1)
    assert len(history(admin)["history"]) == 1


def test_a_rollback_is_checked_like_any_change(admin, settings):
    """By today's rules: what the environment has set since, and values that are none any more."""
    admin.put("/api/config/roles", {"admin_role_id": "5"})
    admin.put("/api/config/roles", {"admin_role_id": "6"})
    settings.ADMIN_ROLE_ID = 77
    answer = roll_back(admin, 1, "roles")
    assert (answer.status_code, answer.json()["code"]) == (409, "set_by_environment")
    assert roll_back(admin, 0, "roles").status_code == 200
    SectionVersion.objects.create(section="general", version=1, values={"message_cooldown": -5, "gone": 1})
    answer = roll_back(admin, 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "version_not_valid")
    assert list(answer.json()["fields"]) == ["message_cooldown"]
    SectionVersion.objects.filter(section="general").update(values={"message_cooldown": 7, "gone": 1})
    services.Section.objects.create(name="general", version=1)
    assert roll_back(admin, 1).json()["message_cooldown"] == 7
    assert Section.objects.get(name="general").values == {"message_cooldown": 7}


def test_pages_are_by_keyset_and_stable_under_inserts(admin, django_assert_max_num_queries):
    for number in range(7):
        admin.put(GENERAL, {"bot_name": f"Name {number}"})
    first = history(admin, limit=3)
    admin.put(GENERAL, {"bot_name": "In between"})
    with django_assert_max_num_queries(2):
        second = history(admin, limit=3, cursor=first["next_cursor"])
    third = history(admin, limit=3, cursor=second["next_cursor"])
    seen = [[one["version"] for one in page["history"]] for page in (first, second, third)]
    assert seen == [[7, 6, 5], [4, 3, 2], [1]]
    assert third["next_cursor"] is None
    assert admin.get(f"{GENERAL}/history", {"cursor": "!"}).status_code == 400


def test_versions_stay_in_order_when_the_clock_is_set_back(admin):
    admin.put(GENERAL, {"bot_name": "A"})
    later = timezone.now() + timedelta(hours=1)
    Section.objects.update(changed_at=later)
    SectionVersion.objects.update(at=later)
    admin.put(GENERAL, {"bot_name": "B"})
    admin.put(GENERAL, {"bot_name": "C"})
    assert [one["version"] for one in history(admin)["history"]] == [3, 2, 1]


def test_what_the_bot_sets_is_by_nobody(admin):
    services.set_by_bot("channels", {"tickets_category_id": "5"})
    [one] = history(admin, "channels")["history"]
    assert (one["by"], one["by_name"], one["reason"]) == (None, None, "bot")


def test_who_changed_it_may_be_erased(admin, moira, ada):
    admin.put(GENERAL, {"bot_name": "A"})
    SectionVersion.objects.update(by=None)
    assert history(admin)["history"][0]["by"] is None


def test_an_unknown_section_has_no_history(admin):
    for answer in (
        admin.get("/api/config/secrets/history"),
        admin.get("/api/config/secrets/verification"),
        roll_back(admin, 0, "secrets"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_section")


def test_the_event_says_what_differed(admin, ada, monkeypatch):
    heard = []
    monkeypatch.setitem(events._subscribers, SectionChanged, [heard.append])
    admin.put(GENERAL, {"bot_name": "A"})
    roll_back(admin, 0)
    assert [(one.version, one.changed_by, one.reason) for one in heard] == [
        (1, ada.pk, "change"),
        (2, ada.pk, "rollback"),
    ]
    assert heard[0].changes == {"bot_name": {"from": "Haze World Bot", "to": "A"}}


def test_a_version_is_written_with_its_change_or_not_at_all(admin, monkeypatch):
    def fails(_changed):
        raise RuntimeError("not today")

    monkeypatch.setitem(events._subscribers, SectionChanged, [fails])
    assert admin.put(GENERAL, {"bot_name": "A"}).status_code == 500
    assert not SectionVersion.objects.exists() and not Section.objects.exists()
