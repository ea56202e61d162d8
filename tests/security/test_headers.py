"""Every kind of answer tells browsers what they may do with it, whoever made it."""

from __future__ import annotations

import httpx
import pytest
from websockets.sync.client import connect

pytestmark = pytest.mark.server
APP = "https://app.example.org"
BEHIND_TLS = {"X-Forwarded-Proto": "https", "Host": "haze.example.org"}
"""What a proxy adds that speaks TLS for the site."""
KINDS = {
    "a page": ("GET", "/", 200),
    "the admin": ("GET", "/admin/login/", 200),
    "the documents": ("GET", "/api/docs/", 200),
    "an answer of the API": ("GET", "/api/discord/auth", 200),
    "no such call": ("GET", "/api/no/such/call", 404),
    "no such page": ("GET", "/no/such/page", 404),
    "a refusal of the outermost layer": ("POST", "/api/tickets", 413),
    "a probe": ("GET", "/health/live", 200),
    "basic health": ("GET", "/api/health", 200),
    "figures": ("GET", "/metrics", 200),
    "a file": ("GET", "/static/tickets/icon.svg", 200),
    "polling": ("GET", "/socket.io/?EIO=4&transport=polling", 200),
    "bad polling": ("GET", "/socket.io/?EIO=3&transport=polling", 400),
    "no method": ("OPTIONS", "/api/tickets", 401),
}


@pytest.fixture
def ask(production):
    def answer(method: str, path: str, **headers: str) -> httpx.Response:
        body = b"x" * 2_000_000 if method == "POST" else None
        known = BEHIND_TLS | headers
        return httpx.request(method, f"{production.url}{path}", headers=known, content=body, timeout=20)

    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_has_them(ask, kind):
    method, path, status = KINDS[kind]
    answer = ask(method, path)
    assert answer.status_code == status, answer.text
    said = answer.headers
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["X-Frame-Options"] == "DENY"
    assert said["Referrer-Policy"] == "same-origin"
    assert said["Cross-Origin-Opener-Policy"] == said["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in said["Permissions-Policy"]
    assert said["Strict-Transport-Security"] == "max-age=31536000"
    for name in said:
        assert len(said.get_list(name)) == 1 or name == "set-cookie", name
    policy = said["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy and "default-src" in policy
    assert ("unsafe-eval" in policy) == (kind == "the admin")
    assert not {"server", "x-powered-by"} & set(said)


def test_transport_security_is_for_tls_alone(production):
    plain = httpx.get(f"{production.url}/health/live", headers={"Host": "haze.example.org"})
    assert "Strict-Transport-Security" not in plain.headers


def test_a_handshake_of_a_websocket_has_them_too(production):
    address = production.url.replace("http", "ws", 1)
    with connect(f"{address}/ws/tickets/", additional_headers={"X-Forwarded-Proto": "https"}) as socket:
        said = socket.response.headers
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["Strict-Transport-Security"] == "max-age=31536000"


def test_pages_of_an_allowed_origin_alone_may_read_answers_and_ours_set_no_cookies_there(ask):
    allowed = ask("GET", "/api/ping", Origin=APP)
    assert allowed.headers["Access-Control-Allow-Origin"] == APP
    assert "Origin" in allowed.headers["Vary"].title()
    for name in ("X-Verification", "ETag", "Retry-After", "RateLimit-Limit", "RateLimit-Reset"):
        assert name in allowed.headers["Access-Control-Expose-Headers"]
    for origin in (f"{APP}.evil.example", "http://app.example.org", "null", "https://evil.example"):
        for path in ("/api/ping", "/health/live", "/socket.io/?EIO=4&transport=polling", "/"):
            assert "Access-Control-Allow-Origin" not in ask("GET", path, Origin=origin).headers
    assert "Set-Cookie" not in allowed.headers
    preflight = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    assert ask("OPTIONS", "/api/tickets", **preflight).headers["Permissions-Policy"]


def test_cookies_are_for_this_host_over_tls_and_out_of_reach_of_scripts(ask, production):
    page = ask("GET", "/admin/login/")
    token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    form = {"username": "moira", "password": "moderate-everything-2", "csrfmiddlewaretoken": token}
    known = BEHIND_TLS | {"Cookie": cookie, "Referer": "https://haze.example.org/admin/login/"}
    entered = httpx.post(f"{production.url}/admin/login/?next=/admin/", data=form, headers=known)
    assert entered.status_code == 302
    cookies = [*page.headers.get_list("Set-Cookie"), *entered.headers.get_list("Set-Cookie")]
    names = {cookie.partition("=")[0] for cookie in cookies}
    assert names == {"__Host-csrftoken", "__Host-sessionid"}
    for cookie in cookies:
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts
        assert not any(part.startswith("domain") for part in parts)


@pytest.mark.parametrize(
    "host", ["evil.example", "haze.example.org.evil.example", "haze.example.org@evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/ping", "/api/discord/auth"])
def test_another_name_for_this_host_is_not_answered(ask, host, path):
    answer = ask("GET", path, Host=host)
    assert answer.status_code == 400
    assert host not in answer.text


def test_a_cookie_of_the_admin_is_no_way_into_the_api(client, moira):
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/").status_code == 200
    for path in ("/api/users/me", "/api/tickets", "/api/ping"):
        assert client.get(path).status_code == 401


def test_a_session_known_before_signing_in_is_worth_nothing_after(client, moira, settings):
    client.session["seen"] = "before"
    session = client.session
    session["seen"] = "before"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = before = session.session_key
    form = {"username": "moira", "password": "moderate-everything-2"}
    assert client.post("/admin/login/?next=/admin/", form).status_code == 302
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    client.cookies[settings.SESSION_COOKIE_NAME] = before
    assert client.get("/admin/").status_code == 302


def signed_in_from(url: str, **headers: str) -> str:
    """The address that the site takes a sign-in for."""
    body = {"username": "mallory", "password": "mallory-is-elsewhere-4"}
    token = httpx.post(f"{url}/api/auth/login", json=body, headers=headers).json()["token"]
    known = headers | {"Authorization": f"Bearer {token}"}
    sessions = httpx.get(f"{url}/api/auth/sessions", headers=known).json()["sessions"]
    return next(one["address"] for one in sessions if one["current"])


def test_a_trusted_proxy_is_believed_about_the_last_address_and_no_client_about_any(production, server):
    """What a client says stands before what the proxy adds."""
    said = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
    assert signed_in_from(production.url, **BEHIND_TLS, **said) == "203.0.113.9"
    assert signed_in_from(server.url, **said) == "127.0.0.1"
    plain = httpx.get(f"{server.url}/admin/login/", headers={"X-Forwarded-Proto": "https"})
    assert "__Host-" not in plain.headers["Set-Cookie"]
