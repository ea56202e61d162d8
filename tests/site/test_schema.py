from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from tests.test_role_matrix import MATRIX


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_document_is_valid(document):
    validate_schema(document)


def test_every_route_is_in_it(document):
    documented = {
        (method.upper(), path.replace("{", "<").replace("}", ">"))
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert documented == set(MATRIX) - {("GET", "/api/docs/")}


def test_every_operation_has_its_own_name_and_its_refusals(document):
    operations = [
        (path, operation) for path, methods in document["paths"].items() for operation in methods.values()
    ]
    names = [operation["operationId"] for _path, operation in operations]
    assert len(set(names)) == len(names)
    for path, operation in operations:
        assert operation["summary"], path
        open_paths = ("/api/discord/", "/api/push/")
        if path not in ("/api/schema", "/api/health") and not path.startswith(open_paths):
            assert "401" in operation["responses"], path


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("application/json", "application/json"), ("*/*", "application/vnd.oai.openapi")],
)
def test_it_is_served_as_yaml_and_json(client, db, accept, kind):
    answer = client.get("/api/schema", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith(kind)


def test_the_pages_of_the_document_load_nothing_from_elsewhere(client, db):
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert b"//cdn" not in page.content and b"swagger-ui" in page.content
    assert b"<script>" not in page.content
