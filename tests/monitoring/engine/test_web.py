from __future__ import annotations

import ssl

import pytest
import trustme
from yarl import URL

from monitoring.connecting import Connections
from monitoring.types import types
from monitoring.types.web import compares, ranges
from monitoring.web_requests import Wanted
from tests.monitoring.engine.stage import Surroundings
from tests.servers.targets import listen_with


@pytest.fixture(autouse=True)
def forgotten(targets):
    targets.seen.clear()


async def test_an_answer(here, targets):
    result = await here.check(url=f"{targets.base_url}/ok")
    assert (result.is_up, result.status_code, result.answer, result.error) == (True, 200, "all is well ", "")
    assert result.response_ms > 0


async def test_what_is_sent(here, targets):
    headers = {"X-Key": "hush", "Authorization": "Bearer mine"}
    result = await here.check(url=f"{targets.base_url}/ok", method="POST", headers=headers, body="ping")
    assert result.answer == "all is well ping"
    method, _path, seen = targets.seen[0]
    assert (method, seen["X-Key"], seen["Authorization"]) == ("POST", "hush", "Bearer mine")
    assert seen["User-Agent"].startswith("HazeBot/")
    assert seen["Connection"] == "close"


@pytest.mark.parametrize(
    ("code", "expected", "is_up"),
    [
        (200, "200-299", True), (404, "200-299", False), (404, "200-299,404", True), (503, "503", True),
        (204, "200", False),
    ],
)  # fmt: skip
async def test_the_status_is_judged(here, targets, code, expected, is_up):
    result = await here.check(url=f"{targets.base_url}/status/{code}", expected_status=expected)
    assert (result.is_up, result.status_code) == (is_up, code)
    assert is_up or f"The answer is {code}" in result.error
    assert result.response_ms is not None
    assert not result.unreachable


def test_ranges_of_codes():
    assert ranges("200-299, 401") == ((200, 299), (401, 401))


async def test_redirects_are_followed(here, targets):
    result = await here.check(url=f"{targets.base_url}/to?url=/ok")
    assert (result.is_up, result.answer) == (True, "all is well ")


async def test_no_more_than_five(here, targets):
    result = await here.check(url=f"{targets.base_url}/loop")
    assert (result.is_up, result.status_code) == (False, 302)
    assert len(targets.seen) == 6


async def test_none_where_none_are_wanted(here, targets):
    url = f"{targets.base_url}/to?url=/ok"
    assert (await here.check(url=url, options={"max_redirects": 0})).status_code == 302
    assert (await here.check(url=url, expected_status="301-302")).is_up
    assert [path for _method, path, _headers in targets.seen] == ["/to", "/to"]


async def test_secrets_do_not_follow_to_another_origin(here, targets):
    there = targets.base_url.replace("127.0.0.1", "localhost")
    headers = {"Authorization": "Bearer hush", "X-Key": "hush", "Cookie": "a=hush", "Accept": "text/plain"}
    back = f"{targets.base_url}/to?url={there}/to?url={targets.base_url}/ok"
    result = await here.check(url=back, method="POST", headers=headers, body="hush")
    assert result.is_up
    (_m, _p, first), (_m, _p, second), (method, _p, third) = targets.seen
    assert first["X-Key"] == "hush"
    for seen in (second, third):
        assert "hush" not in str(seen)
        assert seen["Accept"] == "text/plain"
    assert method == "GET"


async def test_the_body_goes_with_a_307_to_the_same_origin(here, targets):
    result = await here.check(url=f"{targets.base_url}/to?url=/ok&code=307", method="POST", body="again")
    assert result.answer == "all is well again"


@pytest.mark.parametrize("location", ["http://[", "file:///etc/passwd", "gopher://127.0.0.1/", "//"])
async def test_a_redirect_to_nowhere_is_a_failure(here, targets, location):
    result = await here.check(url=f"{targets.base_url}/to?url={location}")
    assert result.is_up is False
    assert result.error


async def test_the_whole_attempt_has_one_deadline(here, targets):
    for path in ("slow", "drip"):
        result = await here.check(url=f"{targets.base_url}/{path}", timeout=0.3)
        assert (result.is_up, result.error, result.unreachable) == (False, "No answer within 0.3 s", True)


async def test_no_more_is_read_than_a_mebibyte(here, targets):
    result = await here.check(url=f"{targets.base_url}/huge")
    assert (result.is_up, result.answer) == (True, "x" * 1000)


async def test_an_answer_that_is_cut_off(here, targets):
    result = await here.check(url=f"{targets.base_url}/cut")
    assert (result.is_up, result.error) == (False, "The answer was cut off")


async def test_letters_of_other_charsets(here, targets):
    assert (await here.check(url=f"{targets.base_url}/latin")).answer == "Grüße"
    assert (await here.check(url=f"{targets.base_url}/nobody-knows")).answer == "Grüße"


async def test_nobody_listens(here):
    result = await here.check(url="http://127.0.0.1:9/")
    assert (result.is_up, result.error, result.unreachable) == (False, "Connection refused", False)


async def test_an_unknown_name(here):
    result = await here.check(url="http://no-such-name.invalid/")
    assert (result.is_up, result.unreachable) == (False, True)
    assert result.error.startswith("The name is not known")


KEYWORDS = [("well", False, True), ("bad", False, False), ("well", True, False), ("bad", True, True)]


@pytest.mark.parametrize(("text", "invert", "is_up"), KEYWORDS)
async def test_a_keyword(here, targets, text, invert, is_up):
    options = {"invert": True} if invert else {}
    result = await here.check("keyword", url=f"{targets.base_url}/ok", expected_text=text, options=options)
    assert result.is_up is is_up
    assert is_up or text in result.error


JSON = [
    ("status", "==", "ok", True),
    ("status", "!=", "ok", False),
    ("$.checks.memory.usage_percent", "<", 90, True),
    ("checks.memory.usage_percent", ">=", "90", False),
    ("items[*].id", "==", 7, True),
    ("items[?(@.id > 5)].id", "==", "7", True),
    ("none", "==", None, True),
    ("items", "contains", {"id": 1}, True),
    ("nothing.here", "==", 1, False),
]  # fmt: skip


@pytest.mark.parametrize(("path", "comparison", "expected", "is_up"), JSON)
async def test_a_value_in_json(here, targets, path, comparison, expected, is_up):
    options = {"path": path, "comparison": comparison, "expected": expected}
    result = await here.check("json", url=f"{targets.base_url}/json", options=options)
    assert result.is_up is is_up, result.error
    assert is_up or path in result.error


@pytest.mark.parametrize(
    ("path", "error"), [("ok", "The answer is no JSON"), ("huge", "The answer is too large")]
)
async def test_no_json(here, targets, path, error):
    result = await here.check("json", url=f"{targets.base_url}/{path}", options={"path": "a", "expected": 1})
    assert (result.is_up, result.error.startswith(error)) == (False, True)


def test_comparisons_of_texts_and_numbers():
    assert compares("10", ">", 9)
    assert compares("b", ">", "a")
    assert compares(True, "==", "true")
    assert compares("an answer", "contains", "answer")


async def test_socketio(here, targets):
    for path in ("", "/", "/socket.io/"):
        assert (await here.check("socketio", url=f"{targets.base_url}{path}")).is_up
    result = await here.check("socketio", url=f"{targets.base_url}/ok")
    assert (result.is_up, result.error) == (False, "The answer opens no Engine.IO session")


@pytest.mark.parametrize(
    ("location", "goes_along"),
    [
        ("/elsewhere", True), ("https://a.org/b", True), ("http://a.org/", False),
        ("https://a.org:8443/", False), ("https://b.a.org/", False), ("//b.org/", False),
    ],
)  # fmt: skip
def test_another_scheme_or_port_is_another_origin(location, goes_along):
    headers = {"Authorization": "hush", "Accept": "text/html"}
    asked = Wanted("POST", URL("https://a.org/"), headers, "a secret", "a token").after(307, location)
    kept = (asked.headers, asked.body, asked.token)
    assert kept == ((headers, "a secret", "a token") if goes_along else ({"Accept": "text/html"}, "", ""))


async def test_the_token_goes_to_this_site_alone(here, targets, settings):
    settings.PUBLIC_URL = targets.base_url
    here.monitoring_token = "mint"
    url = f"{targets.base_url}/ok"
    await here.check(url=url, uses_monitoring_token=True, headers={"authorization": "Bearer old"})
    await here.check(url=url.replace("127.0.0.1", "localhost"), uses_monitoring_token=True)
    away = f"{targets.base_url}/to?url=http://localhost:{targets.port}/ok"
    await here.check(url=away, uses_monitoring_token=True)
    seen = [headers.get("Authorization") for _method, _path, headers in targets.seen]
    assert seen == ["Bearer mint", None, "Bearer mint", None]


# --- certificates ------------------------------------------------------------
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.fixture
async def secure(settings):
    """A server with a good certificate, surroundings that trust its maker, and its port."""
    settings.MONITOR_ALLOW_PRIVATE_TARGETS = True
    maker = trustme.CA()
    context, trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    maker.issue_cert("localhost").configure_cert(context)
    maker.configure_trust(trust)
    server, port = await listen_with(context, ANSWER)
    connections = Connections(trust=trust)
    yield Surroundings(connections), port
    await connections.close()
    server.close()


async def test_https_tells_when_the_certificate_ends(secure):
    there, port = secure
    result = await there.check(url=f"https://localhost:{port}/")
    assert (result.is_up, result.answer) == (True, "ok")
    assert result.certificate_expires_at > there.now()
    soon = await there.check("http", url=f"https://localhost:{port}/", options={"certificate_days": 365})
    assert soon.is_up or "The certificate expires in" in soon.error


async def test_a_certificate_of_somebody_else(secure, here):
    _there, port = secure
    result = await here.check(url=f"https://localhost:{port}/")
    assert (result.is_up, result.error.startswith("The certificate is not trusted")) == (False, True)
    blind = await here.check(url=f"https://localhost:{port}/", options={"ignore_certificate": True})
    assert blind.is_up
    assert blind.certificate_expires_at is not None


async def test_a_certificate_of_another_name(secure):
    there, port = secure
    result = await there.check(url=f"https://127.0.0.1:{port}/")
    assert (result.is_up, "not trusted" in result.error) == (False, True)


async def test_plain_http_where_tls_is_expected(here, targets):
    result = await here.check(url=f"https://127.0.0.1:{targets.port}/ok")
    assert result.is_up is False
    assert result.error


async def test_the_type_tls(secure, here):
    there, port = secure
    result = await there.check("tls", host="localhost", port=port)
    assert result.is_up
    assert result.certificate_expires_at > there.now()
    days = (result.certificate_expires_at - there.now()).days + 2
    short = await there.check("tls", host="localhost", port=port, options={"certificate_days": days})
    assert (short.is_up, short.certificate_expires_at) == (False, result.certificate_expires_at)
    other = await here.check("tls", host="localhost", port=port)
    assert (other.is_up, "not trusted" in other.error) == (False, True)


def test_every_type_has_a_name_and_a_title():
    for name, kind in types().items():
        assert kind.name == name
        assert str(kind.title)
