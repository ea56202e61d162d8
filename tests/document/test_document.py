"""The OpenAPI document: whole, without doubts, and the same here, in the file and on the page."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from botconfig.sections import SECTIONS
from hazesite import documents
from tests.serving import ROOT
from tests.test_role_matrix import MATRIX

PAGES = {("GET", "/api/docs/"), ("GET", "/api/redoc/")}
BESIDE = {("GET", path) for path in ("/health/live", "/health/ready", "/health/metrics", "/metrics")}
ADDRESSED = ("login", "refresh", "monitoring-token")
"""Calls for everybody that refuse a token all the same."""


@pytest.fixture(scope="module")
def document():
    GENERATOR_STATS.reset()
    return documents.described()


@pytest.fixture(scope="module")
def operations(document):
    return {call: operation for _tag, call, operation in documents.calls(document)}


def test_nothing_in_it_is_doubtful(document):
    validate_schema(document)
    assert not GENERATOR_STATS


def test_every_route_is_in_it(operations):
    named = "|".join(SECTIONS)
    documented = {
        (
            method,
            re.sub(rf"^/api/config/(?:{named})$", "/api/config/<section>", path).translate(
                {123: "<", 125: ">"}
            ),
        )
        for method, path in (call.split(" ") for call in operations)
    }
    assert documented == set(MATRIX) - PAGES | BESIDE


@pytest.mark.parametrize("made", [documents.DOCUMENT, documents.PAGE], ids=str)
def test_the_file_is_what_the_command_writes(made):
    """`make openapi` makes it anew."""
    wanted = documents.document() if made == documents.DOCUMENT else documents.page()
    assert (ROOT / made).read_text(encoding="utf-8") == wanted


def test_the_command_writes_both(settings, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / documents.PAGE).write_text(f"By hand.\n{documents.BEGIN}old\n{documents.END}More.\n")
    settings.BASE_DIR = tmp_path
    call_command("api_docs", verbosity=0)
    page = (tmp_path / documents.PAGE).read_text()
    assert page.startswith("By hand.\n") and page.endswith("More.\n") and "| `GET /api/ping` |" in page
    assert (tmp_path / documents.DOCUMENT).read_text().startswith("openapi: 3.0.3\n")


def test_every_operation_has_its_own_name_and_says_for_whom_it_is(operations):
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert operations["GET /api/ping"]["x-for"] == "members and monitoring tokens"
    for call, operation in operations.items():
        assert operation["summary"], call
        everybody = operation["x-for"] == "everybody" and not call.endswith(ADDRESSED)
        assert ("401" in operation["responses"]) is not everybody, call


def test_every_refusal_names_its_codes(operations):
    for call, operation in operations.items():
        for status, answer in operation["responses"].items():
            if status >= "400" and "health" not in call:
                assert re.search(r"`[a-z_]+`", answer["description"]), (call, status)


def test_main_calls_come_with_examples(operations):
    for call in (
        "POST /api/auth/login", "POST /api/tickets", "POST /api/tickets/{ticket_id}/send",
        "POST /api/tickets/{ticket_id}/close", "POST /api/admin/broadcast",
        "POST /api/notifications/register-token",
    ):  # fmt: skip
        content = operations[call]["requestBody"]["content"]["application/json"]
        assert content["examples"], call
        [answer] = [answer for status, answer in operations[call]["responses"].items() if status < "300"]
        assert answer["content"]["application/json"]["examples"], call


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("application/json", "application/json"), ("*/*", "application/vnd.oai.openapi")],
)
def test_it_is_served_as_yaml_and_json(client, db, accept, kind):
    answer = client.get("/api/schema", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith(kind)


@pytest.mark.parametrize(("path", "program"), [("docs", b"swagger-ui"), ("redoc", b"redoc.standalone")])
def test_the_pages_of_the_document_load_nothing_from_elsewhere(client, db, path, program):
    page = client.get(f"/api/{path}/")
    assert page.status_code == 200
    assert not re.search(rb"//(?!localhost)", page.content) and program in page.content
    assert b"<script>" not in page.content
    assert "'unsafe-inline'" not in page["Content-Security-Policy"].partition("style-src")[0]
