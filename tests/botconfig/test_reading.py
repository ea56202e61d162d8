"""Reading asks the database as little as it can, and what an older version left there does not stop it."""

from __future__ import annotations

import importlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection, transaction
from redis import RedisError

from botconfig import services, warm
from botconfig.models import Section, SectionVersion
from botconfig.sections import SECTIONS, defaults, fields_of

GENERAL = "/api/config/general"


@pytest.fixture
def admin(ada, client_of):
    return client_of(ada)


@pytest.fixture
def kept(settings):
    settings.CONFIG_WARM_SECONDS = 1
    cache.clear()
    yield
    cache.clear()
    warm.breaker.__init__()


def name(admin):
    return admin.get("/api/config").json()["general"]["bot_name"]


@pytest.mark.django_db
def test_all_of_it_costs_one_query_and_when_warm_none_beside_the_sign_in(
    admin, kept, django_assert_max_num_queries
):
    with django_assert_max_num_queries(2):
        admin.get("/api/config")
    with django_assert_max_num_queries(1):
        assert admin.get("/api/config").status_code == 200


@pytest.mark.django_db
def test_one_section_costs_one_query(admin, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        admin.get("/api/config/tickets")


@pytest.mark.django_db(transaction=True)
def test_a_change_is_seen_at_once_however_warm(admin, kept):
    assert name(admin) == "Haze World Bot"
    tag = admin.get("/api/config")["ETag"]
    for wanted in ("A", "B"):
        admin.put(GENERAL, {"bot_name": wanted})
        assert name(admin) == wanted
    admin.post(f"{GENERAL}/reset")
    answer = admin.get("/api/config")
    assert answer.json()["general"] == defaults("general") and answer["ETag"] != tag


@pytest.mark.django_db
def test_what_another_process_changed_is_seen_when_the_copy_ends(admin, kept):
    assert name(admin) == "Haze World Bot"
    Section.objects.create(name="general", values={"bot_name": "Elsewhere"}, version=1)
    assert name(admin) == "Haze World Bot"
    time.sleep(1.1)
    assert name(admin) == "Elsewhere"


@pytest.mark.django_db
def test_what_was_read_before_a_commit_is_not_kept_after_it(admin, kept):
    """The rows were read, the change came in between, and only then the copy was written."""

    def slow():
        found = services._stored()
        warm.forget()
        return found

    warm.rows(slow)
    Section.objects.create(name="general", values={"bot_name": "New"}, version=1)
    assert name(admin) == "New"


@pytest.mark.django_db(transaction=True)
def test_nor_is_what_somebody_read_while_it_was_not_committed(admin, kept):
    with transaction.atomic():
        services.set_by_bot("general", {"bot_name": "New"})
        with ThreadPoolExecutor() as others:
            seen = others.submit(_as_another_one_sees_it).result()
        assert seen == "Haze World Bot"
    assert name(admin) == "New"


def _as_another_one_sees_it():
    try:
        return services.read_all()["general"].values["bot_name"]
    finally:
        connection.close()


@pytest.mark.django_db
@pytest.mark.parametrize("error", [RedisError("gone"), OSError("gone")])
def test_a_cache_that_is_gone_is_done_without(admin, kept, monkeypatch, error):
    def gone(*_args, **_options):
        raise error

    for verb in ("get_many", "set", "get_or_set"):
        monkeypatch.setattr(cache, verb, gone)
    assert admin.put(GENERAL, {"bot_name": "A"}).status_code == 200
    warm.breaker.__init__()
    assert name(admin) == "A"
    assert warm.breaker.is_open


BROKEN = [
    ("general", {"bot_name": 5, "command_prefix": "?"}, "bot_name"),
    ("general", {"message_cooldown": "five", "command_prefix": "?"}, "message_cooldown"),
    ("channels", {"log_channel_id": {"id": 5}, "rl_channel_id": "9"}, "log_channel_id"),
    ("tickets", {"categories": [], "enabled": False}, "categories"),
    ("tickets", {"business_hours": {"monday": "all day"}, "enabled": False}, "business_hours"),
    ("tickets", {"max_open_per_user": 10**30, "enabled": False}, "max_open_per_user"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("section", "values", "field"), BROKEN)
def test_a_broken_value_has_its_default_and_is_told(admin, ada, client, caplog, section, values, field):
    Section.objects.create(name=section, values=values, version=3)
    expected = defaults(section) | {key: value for key, value in values.items() if key != field}
    url = f"/api/config/{section}"
    assert admin.get(url).json() == admin.get("/api/config").json()[section] == expected
    found = admin.get(f"{url}/verification").json()
    assert found["state"] == "failed"
    assert (found["problems"][0]["field"], found["problems"][0]["code"]) == (field, "not_valid")
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/admin/botconfig/section/{section}/change/").status_code == 200
    assert admin.put(url, {field: defaults(section)[field]}).status_code == 200
    assert admin.get(f"{url}/verification").json()["problems"] == []


@pytest.mark.django_db
@pytest.mark.parametrize("values", [[], ["x"], "text", 5])
def test_a_section_that_is_no_object_has_its_defaults(admin, values):
    Section.objects.create(name="general", values=values, version=1)
    assert admin.get(GENERAL).json() == defaults("general")
    assert admin.put(GENERAL, {"bot_name": "A"}).json()["bot_name"] == "A"


@pytest.mark.django_db
def test_what_a_nested_value_lacks_has_its_default(admin):
    Section.objects.create(name="tickets", values={"business_hours": {"monday": ["09:00-17:00"]}}, version=1)
    hours = admin.get("/api/config/tickets").json()["business_hours"]
    assert hours == defaults("tickets")["business_hours"] | {"monday": ["09:00-17:00"]}


@pytest.mark.django_db
def test_nobody_shares_what_was_read():
    services.set_by_bot("tickets", {"categories": ["a", "b"]})
    services.read_section("tickets").values["categories"].append("c")
    services.read_section("tickets").values["business_hours"]["monday"].append("x")
    values = services.read_section("tickets").values
    assert values["categories"] == ["a", "b"] and values["business_hours"]["monday"] == []


@pytest.mark.django_db
def test_what_was_set_before_there_was_a_history_is_its_first_version(admin, ada):
    Section.objects.create(name="general", values={"bot_name": "Old"}, version=4, changed_by=ada)
    Section.objects.create(name="welcome")
    begin = importlib.import_module("botconfig.migrations.0003_history_and_guild_facts").begin_history
    begin(apps, None)
    assert SectionVersion.objects.count() == 1
    [one] = admin.get(f"{GENERAL}/history").json()["history"]
    assert (one["version"], one["by"], one["reason"]) == (4, ada.user_id, "upgrade")
    admin.put(GENERAL, {"bot_name": "New"})
    assert admin.post(f"{GENERAL}/rollback", {"version": 4}).json()["bot_name"] == "Old"


@pytest.mark.parametrize("section", SECTIONS)
def test_looking_at_a_description_changes_nothing_in_it(section):
    first = defaults(section)
    for value in first.values():
        if isinstance(value, list | dict):
            value.clear()
    assert defaults(section) == {key: one.default for key, one in fields_of(section).items()}
    assert SECTIONS[section](data=defaults(section)).is_valid()
