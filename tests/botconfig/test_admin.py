"""The configuration in the admin: forms from the description, errors at the field, the way back."""

from __future__ import annotations

import pytest

from botconfig.models import GuildChannel, GuildRole, Section, SectionVersion
from botconfig.sections import SECTIONS, fields_of
from botconfig.services import change_section, read_section

pytestmark = pytest.mark.django_db
LIST = "/admin/botconfig/section/"


def page(name: str) -> str:
    return f"{LIST}{name}/change/"


@pytest.fixture
def desk(client, ada):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    return client


def filled(desk, name, **changes):
    """What a browser sends for a form in which only this was changed."""
    form = desk.get(page(name)).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if isinstance(value, bool):
            data |= {field.name: "on"} if value else {}
        elif value is not None:
            data[field.name] = value
    return data | changes


def test_all_sections_are_listed_and_each_has_its_page(desk):
    text = desk.get(LIST).content.decode()
    for name in SECTIONS:
        assert page(name) in text
        assert set(fields_of(name)) < set(desk.get(page(name)).context["form"].fields)


@pytest.mark.parametrize("name", SECTIONS)
def test_saving_a_form_as_it_is_changes_nothing(desk, ada, name):
    assert desk.post(page(name), filled(desk, name)).status_code == 302
    assert not SectionVersion.objects.exists()


def test_nor_does_one_of_values_that_are_set(desk, ada):
    GuildRole.objects.bulk_create(
        [GuildRole(id=5, name="Games", position=2), GuildRole(id=6, name="Art", position=1)]
    )
    change_section("roles", {"interest_role_ids": ["6", "5", "9"], "interest_roles": {"art": "6"}}, ada)
    change_section(
        "welcome", {"welcome_messages": [" Hello\nthere, {name}! ", "Hi."], "rules_text": "A\n\nB"}, ada
    )
    for name in ("roles", "welcome"):
        assert desk.post(page(name), filled(desk, name)).status_code == 302
        assert read_section(name).version == 1


def test_a_change_is_stored_with_who_made_it(desk, ada):
    desk.post(page("general"), filled(desk, "general", bot_name="Hazel"))
    assert read_section("general").values["bot_name"] == "Hazel"
    version = SectionVersion.objects.get()
    assert (version.by, version.changes) == (ada, {"bot_name": {"from": "Haze World Bot", "to": "Hazel"}})


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("general", "message_cooldown", "-1"),
        ("general", "bot_name", "x" * 101),
        ("tickets", "categories", "support\nsupport"),
        ("tickets", "business_hours", '{"monday": ["17:00-09:00"]}'),
        ("tickets", "forms", "{broken"),
        ("server_guide", "categories", '[{"title": ""}]'),
        ("channels", "log_channel_id", "nonsense"),
    ],
)
def test_a_mistake_is_shown_at_its_field_and_nothing_is_stored(desk, name, field, value):
    answer = desk.post(page(name), filled(desk, name, **{field: value}))
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert not SectionVersion.objects.exists()


def test_somebody_elses_change_is_not_overwritten(desk, ada):
    form = filled(desk, "general", bot_name="Mine")
    change_section("general", {"bot_name": "Theirs"}, ada)
    answer = desk.post(page("general"), form)
    assert "Somebody else changed this" in answer.content.decode()
    assert read_section("general").values["bot_name"] == "Theirs"


def test_rollback_and_reset_by_their_buttons(desk, ada):
    change_section("general", {"bot_name": "Hazel"}, ada)
    change_section("general", {"bot_name": "Hzael", "message_cooldown": 3600}, ada)
    text = desk.get(page("general")).content.decode()
    assert "Roll back to version 1" in text and "Roll back to version 2" not in text
    answer = desk.post(f"{LIST}general/rollback/", {"to": 1, "version": 2}, follow=True)
    assert "Back to version 1" in answer.content.decode()
    assert read_section("general").values["bot_name"] == "Hazel"
    stale = desk.post(f"{LIST}general/reset/", {"version": 2}, follow=True)
    assert "Somebody else" in stale.content.decode()
    desk.post(f"{LIST}general/reset/", {"version": 3})
    assert read_section("general").values["bot_name"] == "Haze World Bot"
    assert read_section("general").version == 4


def test_channels_and_roles_are_chosen_by_name(desk, ada):
    GuildChannel.objects.bulk_create(
        [GuildChannel(id=5, name="log", kind="text"), GuildChannel(id=6, name="Tickets", kind="category")]
    )
    change_section("channels", {"meme_channel_id": "77"}, ada)
    form = desk.get(page("channels")).context["form"]
    values = {name: [value for value, _label in form.fields[name].choices] for name in fields_of("channels")}
    assert values["log_channel_id"] == ["", "5"]
    assert values["tickets_category_id"] == ["", "6"]
    assert values["meme_channel_id"] == ["", "5", "77"]


def test_what_the_environment_sets_cannot_be_changed(desk, settings):
    settings.ADMIN_ROLE_ID = 77
    answer = desk.post(page("roles"), filled(desk, "roles", admin_role_id="78", meme_role_id="5"))
    assert answer.status_code == 302
    assert Section.objects.get(name="roles").values == {"meme_role_id": "5"}


@pytest.mark.parametrize("path", ["", "general/change/", "general/history/", "general/delete/", "add/"])
def test_moderators_see_none_of_it(client, moira, path):
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(LIST + path).status_code == 403
    for verb in ("change", "rollback", "reset"):
        assert client.post(f"{LIST}general/{verb}/", {"to": 0, "version": 0}).status_code == 403


@pytest.mark.parametrize("path", ["secrets/change/", "general/change/?cursor=nonsense", "secrets/history/"])
def test_what_is_not_there_is_404(desk, path):
    assert desk.get(LIST + path).status_code == 404


def test_an_unknown_version_is_said(desk):
    answer = desk.post(f"{LIST}general/rollback/", {"to": 9, "version": 0}, follow=True)
    assert "no version of that number" in answer.content.decode()
    assert desk.post(f"{LIST}general/rollback/", {"to": "x", "version": 0}).status_code == 404


def test_a_page_of_a_long_history_costs_as_many_queries_as_a_short_one(
    desk, ada, django_assert_max_num_queries
):
    for number in range(30):
        change_section("general", {"bot_name": f"Name {number}"}, ada)
    with django_assert_max_num_queries(12):
        page_one = desk.get(page("general"))
    assert page_one.context["next_cursor"]
    older = desk.get(page("general"), {"cursor": page_one.context["next_cursor"]})
    assert [one["row"].version for one in older.context["history"]] == list(range(10, 0, -1))
