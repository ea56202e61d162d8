"""The FCM of the tests is to Google's library what FCM is: tokens, the message's shape, failures."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time

import httpx
import jwt
import pytest
from firebase_admin import exceptions, messaging
from google.auth.exceptions import RefreshError, TransportError

from tests.servers.fcm import FcmServer
from tests.servers.fcm.accounts import GOOGLES_TOKEN_URI, GRANT_TYPE
from tests.servers.fcm.client import WAYS, app_at, by_send, by_send_each_async, leave, message_to, never_retry
from tests.servers.fcm.errors import BAD_REQUEST, FCM_ERROR

pytestmark = pytest.mark.workers
every_way = pytest.mark.parametrize("send", WAYS, ids=lambda way: way.__name__)
sync_and_async = pytest.mark.parametrize("send", [by_send, by_send_each_async], ids=lambda way: way.__name__)

WEB = httpx.Client(verify=False)
"""Nothing here is encrypted, and reading the list of authorities takes longer than a request."""
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@pytest.fixture
def phone(fcm_server) -> str:
    return fcm_server.operations.register()


@every_way
async def test_a_message_is_accepted_once_and_recorded_as_it_was_sent(fcm_server, fcm_app, phone, send):
    before = time.time()
    android = messaging.AndroidConfig(priority="high", ttl=90, collapse_key="ticket-7")
    name = await send(fcm_app, message_to(phone, {"title": "Grüße"}, android=android))
    (accepted,) = fcm_server.accepted(phone)
    assert accepted["name"] == name
    assert name.startswith(f"projects/{fcm_server.project_id}/messages/")
    assert before <= accepted["at"] <= time.time()
    assert accepted["message"] == {
        "token": phone,
        "data": {"title": "Grüße"},
        "android": {"priority": "high", "ttl": "90s", "collapse_key": "ticket-7"},
    }
    assert fcm_server.accepted("somebody else") == []


@every_way
async def test_a_dry_run_judges_the_message_and_delivers_nothing(fcm_server, fcm_app, phone, send):
    assert (await send(fcm_app, message_to(phone), dry_run=True)).endswith("/fake_message_id")
    fcm_server.operations.uninstall(phone)
    with pytest.raises(messaging.UnregisteredError):
        await send(fcm_app, message_to(phone), dry_run=True)
    assert fcm_server.accepted() == []


async def test_messages_are_recorded_in_the_order_they_were_accepted(fcm_server, fcm_app, phone):
    for number in range(5):
        await by_send(fcm_app, message_to(phone, {"number": str(number)}))
    assert [one["message"]["data"]["number"] for one in fcm_server.accepted()] == list("01234")
    assert fcm_server.tokens_asked() == 1


@sync_and_async
async def test_a_token_that_ran_out_is_renewed_by_the_library(fcm_server, fcm_app, phone, send):
    await send(fcm_app, message_to(phone))
    fcm_server.operations.expire_tokens()
    await send(fcm_app, message_to(phone))
    assert fcm_server.statuses() == [200, 401, 200]
    assert fcm_server.tokens_asked() == 2


async def test_the_account_of_another_project_gets_no_token(fcm_server, phone):
    other = FcmServer()
    app = app_at(fcm_server, other.site.account.credentials(fcm_server.token_uri))
    with pytest.raises(RefreshError, match="invalid_grant"):
        await by_send(app, message_to(phone))
    leave(app)
    assert fcm_server.accepted() == []


async def test_one_may_not_send_for_another_project(fcm_server, phone):
    app = app_at(fcm_server, project_id="somebody-elses")
    with pytest.raises(exceptions.PermissionDeniedError) as caught:
        await by_send(app, message_to(phone))
    leave(app)
    assert not isinstance(caught.value, messaging.SenderIdMismatchError)


def assertion(server: FcmServer, **changed: str | int) -> dict[str, str]:
    now = int(time.time())
    claims: dict[str, str | int] = {
        "iss": server.site.account.email,
        "aud": GOOGLES_TOKEN_URI,
        "scope": SCOPE,
    }
    claims |= {"iat": now, "exp": now + 3600}
    for name, value in changed.items():
        moment = name.removesuffix("_in")
        claims[moment] = value if moment == name else now + value
    account = server.site.account
    signed = jwt.encode(claims, account.key, algorithm="RS256", headers={"kid": account.key_id})
    return {"grant_type": GRANT_TYPE, "assertion": signed}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({}, None),
        ({"aud": "https://elsewhere.example/token"}, "invalid_grant"),
        ({"iss": "mallory@elsewhere.example"}, "invalid_grant"),
        ({"exp": 1}, "invalid_grant"),
        ({"exp_in": 7200}, "invalid_grant"),
        ({"iat_in": 600}, "invalid_grant"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_only_a_sound_assertion_is_worth_a_token(fcm_server, changed, error):
    answer = WEB.post(fcm_server.token_uri, data=assertion(fcm_server, **changed))
    assert answer.json().get("error") == error
    assert answer.status_code == (400 if error else 200)
    assert ("access_token" in answer.json()) is (error is None)


def test_an_assertion_whose_claims_were_changed_is_none(fcm_server):
    form = assertion(fcm_server)
    head, _, signature = form["assertion"].split(".")
    claims = jwt.utils.base64url_encode(b'{"iss":"mallory"}').decode()
    answer = WEB.post(fcm_server.token_uri, data=form | {"assertion": f"{head}.{claims}.{signature}"})
    assert answer.json() == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}


def bearer(server: FcmServer, scope: str = SCOPE) -> dict[str, str]:
    answer = WEB.post(server.token_uri, data=assertion(server, scope=scope)).json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


def post(server: FcmServer, message: object, headers: dict[str, str] | None = None) -> httpx.Response:
    url = f"{server.api_url}/v1/projects/{server.project_id}/messages:send"
    return WEB.post(url, json={"message": message}, headers=headers or bearer(server))


def test_a_token_for_something_else_is_not_enough(fcm_server, phone):
    answer = post(
        fcm_server, {"token": phone}, bearer(fcm_server, "https://www.googleapis.com/auth/datastore")
    )
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    answer = post(fcm_server, {"token": phone}, {"Authorization": "Bearer made up"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"priority": "high"}, "message", "Unknown name \"priority\" at 'message'"),
        ({"android": {"notification": {"titel": "x"}}}, "message.android.notification", "Cannot find field"),
        ({"data": {"a": "b", "number": 12}}, "message.data[1].value", "(TYPE_STRING), 12"),
        ({"data": "text"}, "message.data", "Struct"),
        ({"android": {"priority": "urgent"}}, "message.android.priority", "AndroidMessagePriority"),
        ({"android": {"ttl": 3600}}, "message.android.ttl", "Duration"),
        ({"topic": "news"}, "message", "already set. Cannot set 'topic'"),
    ],
)
def test_the_parser_refuses_what_has_the_wrong_shape(fcm_server, phone, changed, field, words):
    error = post(fcm_server, {"token": phone} | changed).json()["error"]
    (detail,) = error["details"]
    assert (error["code"], error["status"], detail["@type"]) == (400, "INVALID_ARGUMENT", BAD_REQUEST)
    assert detail["fieldViolations"][0]["field"] == field
    assert words in error["message"]
    assert fcm_server.accepted() == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"data": {"a": "b"}}, "Recipient of the message is not set."),
        ({"token": "", "data": {"a": "b"}}, "Recipient of the message is not set."),
        ({"data": {"from": "me"}}, "Invalid data payload key: from"),
        ({"data": {"message_type": "me"}}, "Invalid data payload key: message_type"),
        ({"android": {"data": {"gcm.x": "me"}}}, "Invalid data payload key: gcm.x"),
        ({"data": {"google.x": "me"}}, "Invalid data payload key: google.x"),
        ({"data": {"é": "x" * 4095}}, "Android message is too big"),
        ({"android": {"ttl": "2419201s"}}, "2419201s"),
        ({"webpush": {"fcm_options": {"link": "http://haze.example"}}}, "HTTPS"),
        ({"token": "nonsense"}, "The registration token is not a valid FCM registration token"),
    ],
)
def test_fcm_refuses_what_it_cannot_send(fcm_server, phone, message, words):
    target = {} if "Recipient" in words else {"token": phone}
    error = post(fcm_server, target | message).json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert words in error["message"]
    assert error["details"][0] == {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"}
    assert fcm_server.accepted() == []


def test_what_just_fits_and_names_in_camel_case_are_fine(fcm_server, phone):
    assert post(fcm_server, {"token": phone, "data": {"é": "x" * 4094}}).status_code == 200
    assert (
        post(fcm_server, {"token": phone, "android": {"collapseKey": "k", "priority": "HIGH"}}).status_code
        == 200
    )
    assert fcm_server.accepted()[1]["message"]["android"]["collapse_key"] == "k"


async def test_all_the_library_can_say_is_understood(fcm_server, fcm_app, phone):
    lights = messaging.LightSettings("#aabbcc", 200, 300)
    shown = messaging.AndroidNotification(
        title="t", body="b", icon="i", color="#112233", sound="s", tag="g", click_action="c",
        body_loc_key="k", body_loc_args=["1"], title_loc_key="k", title_loc_args=["2"], channel_id="tickets",
        image="https://a.example/b.png", ticker="t", sticky=True, local_only=False, priority="high",
        vibrate_timings_millis=[100, 50], default_sound=True, light_settings=lights, visibility="private",
        notification_count=3, proxy="deny",
    )  # fmt: skip
    alert = messaging.ApsAlert(title="t", body="b")
    aps = messaging.Aps(alert=alert, badge=1, sound="default", content_available=True, thread_id="7")
    web = messaging.WebpushNotification(title="t", body="b", tag="7", renotify=True)
    message = message_to(
        phone,
        notification=messaging.Notification("t", "b", "https://a.example/b.png"),
        android=messaging.AndroidConfig("k", "normal", 60, "com.example.haze", {"a": "b"}, shown),
        apns=messaging.APNSConfig({"apns-collapse-id": "7"}, messaging.APNSPayload(aps, extra="x")),
        webpush=messaging.WebpushConfig({"Urgency": "high"}, {"a": "b"}, web),
        fcm_options=messaging.FCMOptions("label"),
    )
    await by_send(fcm_app, message)
    sent = fcm_server.accepted()[0]["message"]
    assert sent["android"]["notification"]["vibrate_timings"] == ["0.100000000s", "0.050000000s"]
    assert sent["apns"]["payload"]["aps"]["alert"] == {"title": "t", "body": "b"}


RAISED = {
    "UNREGISTERED": messaging.UnregisteredError,
    "SENDER_ID_MISMATCH": messaging.SenderIdMismatchError,
    "QUOTA_EXCEEDED": messaging.QuotaExceededError,
    "THIRD_PARTY_AUTH_ERROR": messaging.ThirdPartyAuthError,
    "INVALID_ARGUMENT": exceptions.InvalidArgumentError,
    "502": exceptions.UnknownError,
    "UNAVAILABLE": exceptions.UnavailableError,
    "INTERNAL": exceptions.InternalError,
}


@sync_and_async
@pytest.mark.parametrize("code", RAISED)
async def test_each_failure_is_the_librarys_own_and_meets_only_whom_it_is_for(
    fcm_server, fcm_app, phone, send, code
):
    other = fcm_server.operations.register()
    never_retry(fcm_app, fcm_server.api_url)
    fcm_server.operations.fault(code, phone, times=None)
    with pytest.raises(RAISED[code]) as caught:
        await send(fcm_app, message_to(phone))
    assert type(caught.value) is RAISED[code]
    await send(fcm_app, message_to(other))
    assert [one["token"] for one in fcm_server.accepted()] == [other]
    fcm_server.operations.clear_faults()
    await send(fcm_app, message_to(phone))
    assert len(fcm_server.accepted(phone)) == 1


@every_way
async def test_a_fault_that_happens_once_is_overcome_by_the_library(fcm_server, fcm_app, phone, send):
    fcm_server.operations.fault("UNAVAILABLE")
    await send(fcm_app, message_to(phone))
    assert fcm_server.statuses() == [503, 200]


async def test_retry_after_reaches_who_asks_for_it(fcm_server, fcm_app, phone):
    fcm_server.operations.fault("QUOTA_EXCEEDED", retry_after=30)
    with pytest.raises(messaging.QuotaExceededError) as caught:
        await by_send_each_async(fcm_app, message_to(phone))
    assert caught.value.http_response.headers["Retry-After"] == "30"


async def test_the_sync_library_waits_as_long_as_it_is_told(fcm_server, fcm_app, phone):
    fcm_server.operations.fault("QUOTA_EXCEEDED", retry_after=1)
    started = time.monotonic()
    await by_send(fcm_app, message_to(phone))
    assert time.monotonic() - started > 0.9
    assert fcm_server.statuses() == [429, 200]


async def test_an_answer_that_is_lost_makes_the_sync_library_send_twice(fcm_server, fcm_app, phone):
    fcm_server.operations.fault("do and cut")
    await by_send(fcm_app, message_to(phone))
    assert fcm_server.statuses() == [0, 200]
    assert len(fcm_server.accepted(phone)) == 2


async def test_told_not_to_retry_it_does_not(fcm_server, fcm_app, phone):
    never_retry(fcm_app, fcm_server.api_url)
    fcm_server.operations.fault("do and cut", times=2)
    with pytest.raises(exceptions.UnavailableError):
        await by_send(fcm_app, message_to(phone))
    with pytest.raises(exceptions.UnknownError):
        await by_send_each_async(fcm_app, message_to(phone))
    assert fcm_server.statuses() == [0, 0]
    assert len(fcm_server.accepted(phone)) == 2


@sync_and_async
async def test_what_hangs_ends_with_the_timeout(fcm_server, phone, send):
    app = app_at(fcm_server, timeout=0.5)
    never_retry(app, fcm_server.api_url)
    fcm_server.operations.fault("hang")
    with pytest.raises(exceptions.DeadlineExceededError):
        await send(app, message_to(phone))
    leave(app)
    assert fcm_server.accepted() == []


async def test_slow_answers_come_late(fcm_server, fcm_app, phone):
    fcm_server.operations.latency(0.2)
    started = time.monotonic()
    batch = await messaging.send_each_async([message_to(phone)] * 20, app=fcm_app)
    assert batch.success_count == 20
    assert 0.2 <= time.monotonic() - started < 0.2 * 20


@pytest.mark.parametrize(
    ("what", "raised"), [("invalid_grant", RefreshError), ("502", RefreshError), ("cut", TransportError)]
)
async def test_without_a_token_nothing_is_sent(fcm_server, fcm_app, phone, what, raised):
    fcm_server.operations.token_fault(what, times=2)
    with pytest.raises(raised):
        await by_send(fcm_app, message_to(phone))
    with pytest.raises(exceptions.UnknownError) as caught:
        await by_send_each_async(fcm_app, message_to(phone))
    assert isinstance(caught.value.cause, raised)
    assert fcm_server.statuses() == []
    await by_send(fcm_app, message_to(phone))


async def test_an_outage_forgets_nothing(fcm_server, fcm_app, phone):
    await by_send(fcm_app, message_to(phone))
    fcm_server.stop_listening()
    with pytest.raises(exceptions.UnavailableError):
        await by_send_each_async(fcm_app, message_to(phone))
    fcm_server.listen()
    await by_send(fcm_app, message_to(phone))
    assert len(fcm_server.accepted(phone)) == 2
    assert fcm_server.tokens_asked() == 1


def test_what_this_fcm_lacks_does_not_pass_unseen():
    server = FcmServer().start()
    assert WEB.post(f"{server.api_url}/v1/projects/x/registrations/y/topicSubscriptions").status_code == 404
    with pytest.raises(AssertionError, match="no route POST"):
        server.stop()


async def test_it_runs_as_a_program_too(tmp_path):
    command = [sys.executable, "-m", "tests.servers.fcm", "--port", "0", "--credentials", tmp_path / "c.json"]
    with subprocess.Popen([*command, "--any-token"], stdout=subprocess.PIPE, text=True) as program:
        try:
            lines = iter(program.stdout.readline, "}\n")
            told = json.loads("".join(lines) + "}")
            assert told["FCM_CREDENTIALS"] == str(tmp_path / "c.json")
            account = json.loads((tmp_path / "c.json").read_text())
            assert (tmp_path / "c.json").stat().st_mode & 0o77 == 0
            await asyncio.to_thread(send_from_outside, told["FCM_API_URL"], account)
        finally:
            program.terminate()


def send_from_outside(url: str, account: dict[str, str]) -> None:
    from tests.servers.fcm import client

    app = client.firebase_admin.initialize_app(client.credentials.Certificate(account), name="outside")
    client.redirect(app, url)
    messaging.send(message_to("a-token-of-the-demo"), app=app)
    leave(app)
    shown = WEB.post(f"{url}/_test/shown", json={"token": "a-token-of-the-demo"}).json()
    assert [one["title"] for one in shown] == ["A ticket"]
    assert WEB.post(f"{url}/_test/fault", json={"what": "nonsense"}).status_code == 400
    assert WEB.post(f"{url}/_test/phone", json={"token": "a-token-of-the-demo"}).status_code == 404
