"""One description of each field, from which form, document and page are made."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from botconfig.description import described, sections
from botconfig.documentation import PAGE, page
from botconfig.sections import SECTIONS, fields_of
from tests.serving import ROOT


def every(fields, before=""):
    """Each field, also those inside of others."""
    for name, field in fields.items():
        yield f"{before}{name}", field
        while "items" in field:
            field = field["items"]
        yield from every(field.get("fields", {}), f"{before}{name}.")


ALL = [
    (f"{name}.{field}", one)
    for name, section in sections().items()
    for field, one in every(section["fields"])
]


@pytest.mark.parametrize(("name", "field"), ALL, ids=[name for name, _field in ALL])
def test_every_field_has_its_help_and_either_a_default_or_is_needed(name, field):
    assert field["help"].endswith(".")
    assert ("default" in field) != field.get("required", False)


@pytest.mark.django_db
def test_the_schema_says_what_a_form_needs(ada, client_of, settings):
    settings.ADMIN_ROLE_ID = 77
    body = client_of(ada).get("/api/config/schema").json()["sections"]
    assert set(body) == set(SECTIONS)
    assert all(set(body[name]["fields"]) == set(fields_of(name)) for name in SECTIONS)
    general, roles, tickets = (body[name]["fields"] for name in ("general", "roles", "tickets"))
    assert general["fuzzy_matching_threshold"] == {
        "type": "number",
        "help": "How alike a mistyped command must be to be suggested: 0 suggests anything, 1 nothing.",
        "nullable": False,
        "minimum": 0,
        "maximum": 1,
        "default": 0.6,
        "set_by_environment": False,
    }
    assert (
        roles["admin_role_id"]["set_by_environment"] and roles["admin_role_id"]["variable"] == "ADMIN_ROLE_ID"
    )
    assert not roles["moderator_role_id"]["set_by_environment"]
    assert roles["member_role_id"]["given_by_bot"] and roles["member_role_id"]["nullable"]
    category = body["channels"]["fields"]["tickets_category_id"]
    assert (category["refers_to"], category["channel_kinds"]) == ("channel", ["category"])
    question = tickets["forms"]["items"]["items"]["fields"]
    assert question["id"]["pattern"] == "^[a-z][a-z0-9_]{0,39}$" and question["id"]["required"]
    assert question["kind"]["choices"][0] == "text"


@pytest.mark.parametrize("name", SECTIONS)
def test_the_limits_that_are_shown_are_those_that_hold(name):
    """One beyond each shown limit is refused."""
    for field, one in fields_of(name).items():
        shown = described(one)
        beyond = [shown[key] + step for key, step in (("minimum", -1), ("maximum", 1)) if key in shown]
        if shown["type"] == "string" and "max_length" in shown:
            beyond.append("x" * (shown["max_length"] + 1))
        if not shown["nullable"]:
            beyond.append(None)
        for value in beyond:
            with pytest.raises(serializers.ValidationError):
                one.run_validation(value)
            assert not SECTIONS[name](data={field: value}, only=[field]).is_valid()


def test_the_document_has_help_limits_and_defaults():
    document = SchemaGenerator().get_schema(request=None, public=True)
    general = document["components"]["schemas"]["General"]["properties"]
    assert general["message_cooldown"]["maximum"] == 3600
    assert general["message_cooldown"]["default"] == 5
    assert "typed commands" in general["message_cooldown"]["description"]


def test_the_page_is_what_the_command_writes():
    """`manage.py config_docs` makes it anew."""
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()


def test_the_pages_pictures_are_there():
    for line in page().splitlines():
        if line.startswith("!["):
            picture = ROOT / "docs" / line.partition("](")[2].rstrip(")")
            assert picture.read_bytes().startswith(b"\x89PNG"), picture
