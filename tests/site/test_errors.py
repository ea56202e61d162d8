from __future__ import annotations

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from tickets import services

JSON = "application/json; charset=utf-8"


def test_an_unknown_call_is_json(anonymous):
    for path in ("/api/no/such/call", "/api/", "/api"):
        answer = anonymous.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, JSON)
        assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_wrong_method_is_json_and_says_what_is_allowed(alice, client_of, method):
    answer = getattr(client_of(alice), method)("/api/ping")
    assert (answer.status_code, answer["Content-Type"]) == (405, JSON)
    assert "GET" in answer["Allow"]
    assert answer.json()["code"] == "method_not_allowed"


def test_a_body_that_is_not_json_is_415(alice, client_of):
    answer = client_of(alice).post("/api/tickets", "subject=x", content_type="text/plain")
    assert (answer.status_code, answer["Content-Type"]) == (415, JSON)


@pytest.mark.parametrize("body", ["{", '{"subject":', "nan", "[1,]", '{"a":"\ud800"}', "\xff", "[" * 2000])
def test_broken_json_is_400(alice, client_of, body):
    raw = body.encode("utf-8", "surrogatepass")
    answer = client_of(alice).generic("POST", "/api/tickets", raw, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, JSON)
    assert answer.json()["code"] == "parse_error"


@pytest.mark.parametrize("path", ["auth/logout", "tickets/{id}/close", "tickets/{id}/mark-read"])
def test_an_empty_body_with_a_json_type_is_legal(ticket, moira, client_of, path):
    client = client_of(moira)
    url = f"/api/{path.format(id=ticket.public_id)}"
    assert client.generic("POST", url, b"", content_type="application/json").status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense"])
def test_answers_are_json_whatever_accept_says(alice, client_of, accept):
    answer = client_of(alice).get("/api/ping", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, JSON)


def test_what_goes_wrong_on_our_side_tells_no_secret(ticket, moira, client_of, monkeypatch):
    def broken(*_arguments):
        raise RuntimeError("SELECT password FROM /home/haze/secret")

    monkeypatch.setattr(services, "claim_ticket", broken)
    answer = client_of(moira).post(f"/api/tickets/{ticket.public_id}/claim")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert "secret" not in answer.content.decode()


def test_a_database_that_is_down_is_503(ticket, moira, client_of, monkeypatch):
    def down(*_arguments):
        raise OperationalError("connection refused")

    monkeypatch.setattr(services, "claim_ticket", down)
    answer = client_of(moira).post(f"/api/tickets/{ticket.public_id}/claim")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer["Retry-After"]


def test_the_request_id_is_taken_echoed_and_in_the_error(anonymous, db):
    answer = anonymous.get("/api/users/me", headers={"X-Request-ID": "from-the-proxy-1"})
    assert answer["X-Request-ID"] == answer.json()["request_id"] == "from-the-proxy-1"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "<script>", "a\tb"])
def test_an_unfit_request_id_is_replaced(anonymous, db, bad):
    answer = anonymous.get("/api/ping", headers={"X-Request-ID": bad})
    assert answer["X-Request-ID"] not in ("", bad)


def test_pages_outside_the_api_get_a_page(client, db):
    answer = client.get("/no/such/page")
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (404, "text/html")


def test_paths_have_no_trailing_slash_and_never_redirect(alice, client_of):
    assert client_of(alice).get("/api/ping/").status_code == 404


def test_cors_is_exact(settings, db):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    client = APIClient()

    def preflight(origin: str):
        return client.options(
            "/api/tickets",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, idempotency-key, x-session-id, if-match",
            },
        )

    allowed = preflight("https://app.example.org")
    assert allowed["Access-Control-Allow-Origin"] == "https://app.example.org"
    for name in ("authorization", "idempotency-key", "x-session-id", "if-match", "x-device-info"):
        assert name in allowed["Access-Control-Allow-Headers"]
    exposed = client.get("/api/ping", headers={"Origin": "https://app.example.org"})
    assert set(exposed["Access-Control-Expose-Headers"].split(", ")) == {
        "ETag", "Retry-After", "X-Request-ID", "X-Verification",
        "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
    }  # fmt: skip
    assert "Access-Control-Allow-Credentials" not in exposed
    for origin in ("https://app.example.org.evil.example", "https://evil.example", "null"):
        assert "Access-Control-Allow-Origin" not in preflight(origin)


def test_security_headers(client, db):
    answer = client.get("/")
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("path", "is_for_browsers"),
    [("/api/ping", False), ("/api/tickets", False), ("/api/docs/", True), ("/admin/login/", True)],
)
def test_calls_know_nothing_of_cookies(ada, client, path, is_for_browsers):
    client.force_login(ada)
    request = client.get(path).wsgi_request
    assert hasattr(request, "session") == hasattr(request, "_messages") == is_for_browsers
