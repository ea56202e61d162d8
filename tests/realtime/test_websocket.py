"""The Channels door, through the real server with a real WebSocket client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from tests.serving import PASSWORDS, ROOT, serving

pytestmark = pytest.mark.server


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[dict[str, Any]] = []

    async def say(self, kind: str, **data: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **data}))

    async def wait_for(
        self, kind: str, test: Callable[[dict[str, Any]], bool] = lambda _: True, patience: float = 5
    ) -> dict[str, Any]:
        async with asyncio.timeout(patience):
            while True:
                frame = json.loads(await self.connection.recv())
                self.frames.append(frame)
                if frame["type"] == kind and test(frame):
                    return frame


@pytest.fixture(scope="module")
def tokens(server) -> dict[str, str]:
    return {name: server.token(name) for name in PASSWORDS}


@pytest.fixture
def connect(server, tokens):
    @asynccontextmanager
    async def opened(path: str, who: str = "", **options: Any) -> AsyncIterator[Socket]:
        if who:
            options["subprotocols"] = ["bearer", tokens[who]]
        address = f"ws://127.0.0.1:{server.port}{path}"
        async with websockets.connect(address, **options) as connection:
            yield Socket(connection)

    return opened


@pytest.fixture
def ticket_id(server) -> str:
    return server.open_ticket()["ticket_id"]


async def rest(server, who: str, method: str, path: str, **body: Any) -> httpx.Response:
    token = await asyncio.to_thread(server.token, who)
    async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {token}"}) as client:
        return await client.request(method, path, json=body or None)


async def close_code(connect, path: str, who: str = "", **options: Any) -> int:
    async with connect(path, who, **options) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.wait_for("nothing")
        return closed.value.rcvd.code


async def test_a_conversation(server, connect, ticket_id):
    path = f"/ws/tickets/{ticket_id}/"
    async with connect(path, "alice") as alice, connect(path, "moira") as moira:
        history = await alice.wait_for("message_history")
        assert (history["last_seq"], len(history["messages"])) == (2, 1)
        await moira.wait_for("message_history")
        await moira.say("send_message", message="Hello", client_nonce="n-1")
        heard = await alice.wait_for("new_message")
        acknowledged = await moira.wait_for("send_message")

    assert (heard["ticket_id"], heard["message"], heard["seq"], heard["prev_seq"]) == (
        ticket_id,
        "Hello",
        3,
        2,
    )
    assert heard["messageData"] == acknowledged["message"]
    assert (acknowledged["ok"], acknowledged["client_nonce"]) == (True, "n-1")


async def test_coming_back_with_after_seq_gives_what_was_missed(server, connect, ticket_id):
    path = f"/ws/tickets/{ticket_id}/"
    async with connect(path, "alice") as alice:
        await alice.wait_for("message_history")
    await rest(server, "moira", "POST", f"/api/tickets/{ticket_id}/send", message="While you were away")
    await rest(server, "moira", "POST", f"/api/tickets/{ticket_id}/claim")

    async with connect(f"{path}?after_seq=2", "alice") as alice:
        history = await alice.wait_for("message_history")
    assert [message["content"] for message in history["messages"]] == ["While you were away"]
    assert [event["type"] for event in history["events"]] == ["new_message", "ticket_claimed"]
    assert history["last_seq"] == 4


async def test_a_long_absence_comes_in_portions(server, connect, ticket_id):
    with server.client("moira") as moira:
        for number in range(205):
            moira.post(f"/api/tickets/{ticket_id}/send", json={"message": str(number)}).raise_for_status()
    async with connect(f"/ws/tickets/{ticket_id}/?after_seq=2", "alice") as alice:
        first = await alice.wait_for("message_history")
        second = await alice.wait_for("message_history")
    texts = [message["content"] for page in (first, second) for message in page["messages"]]
    assert texts == [str(number) for number in range(205)]


@pytest.mark.parametrize(
    ("path", "who", "code"),
    [
        ("/ws/tickets/{ticket}/", "", 4401),
        ("/ws/tickets/{ticket}/?token=x", "", 4401),
        ("/ws/tickets/{ticket}/", "mallory", 4403),
        ("/ws/tickets/no-such-ticket/", "alice", 4403),
        ("/ws/monitors/", "", 4401),
        ("/ws/monitors/", "alice", 4403),
        ("/ws/tickets/{ticket}/?after_seq=x", "alice", 4400),
        ("/ws/tickets/", "", 4401),
        ("/ws/elsewhere/", "alice", 4404),
    ],
)
async def test_refusals_have_codes(connect, ticket_id, path, who, code):
    assert await close_code(connect, path.replace("{ticket}", ticket_id), who) == code


async def test_the_token_may_be_in_the_query(connect, tokens, ticket_id):
    async with connect(f"/ws/tickets/{ticket_id}/?token={tokens['alice']}") as alice:
        await alice.wait_for("message_history")


async def test_a_foreign_page_is_turned_away(connect, ticket_id):
    path = f"/ws/tickets/{ticket_id}/"
    assert await close_code(connect, path, "alice", origin="https://evil.example") == 4403


async def test_a_staff_cookie_opens_a_socket_for_our_own_pages_alone(server, connect, ticket_id):
    with httpx.Client(base_url=server.url, headers={"Referer": f"{server.url}/admin/"}) as browser:
        sign_in_at_the_desk(browser, "moira")
        cookie = {"Cookie": f"sessionid={browser.cookies['sessionid']}"}
    path = f"/ws/tickets/{ticket_id}/"

    async with connect(path, additional_headers=cookie, origin=server.url) as moira:
        await moira.wait_for("message_history")
    assert await close_code(connect, path, additional_headers=cookie) == 4401
    assert await close_code(connect, path, additional_headers=cookie, origin="https://evil.example") == 4403


@pytest.mark.parametrize("end", ["logout", "password"])
async def test_a_cookies_socket_ends_with_the_cookie(server, connect, ticket_id, end):
    with httpx.Client(base_url=server.url, headers={"Referer": f"{server.url}/admin/"}) as browser:
        mark = sign_in_at_the_desk(browser, "ada")
        cookie = {"Cookie": f"sessionid={browser.cookies['sessionid']}"}
        path = f"/ws/tickets/{ticket_id}/"
        async with connect(path, additional_headers=cookie, origin=server.url) as ada:
            await ada.wait_for("message_history")
            if end == "logout":
                browser.post("/admin/logout/", data={"csrfmiddlewaretoken": mark})
            else:
                await asyncio.to_thread(change_password, server)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await ada.wait_for("nothing", patience=8)
    assert closed.value.rcvd.code == 4401


def sign_in_at_the_desk(browser: httpx.Client, name: str) -> str:
    """The mark a form on the page needs."""
    page = browser.get("/admin/login/").text
    mark = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    body = {"username": name, "password": PASSWORDS[name], "csrfmiddlewaretoken": mark}
    browser.post("/admin/login/", data=body)
    return browser.get("/admin/").text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]


def change_password(server) -> None:
    """To the same one, by its owner: the cookies of before are worth nothing all the same."""
    program = (
        "from accounts import services; from accounts.models import User; "
        f"services.set_password(User.objects.get(username='ada'), {PASSWORDS['ada']!r})"
    )
    command = [sys.executable, "manage.py", "shell", "-c", program]
    subprocess.run(command, env=server.surroundings(), cwd=ROOT, check=True, capture_output=True)


async def test_the_inbox_shows_staff_every_ticket_and_members_their_own(server, connect):
    async with connect("/ws/tickets/", "moira") as staff, connect("/ws/tickets/", "mallory") as member:
        await staff.wait_for("joined_inbox")
        await member.wait_for("joined_inbox")
        opened = await asyncio.to_thread(server.open_ticket, "alice")
        own = await asyncio.to_thread(server.open_ticket, "mallory")
        await rest(server, "moira", "POST", f"/api/tickets/{own['ticket_id']}/notes", message="secret note")
        await rest(server, "moira", "POST", f"/api/tickets/{own['ticket_id']}/claim")

        await staff.wait_for("ticket_update", lambda frame: frame["ticket_id"] == opened["ticket_id"])
        await staff.wait_for("ticket_update", lambda frame: frame["data"].get("is_note") is True)
        await member.wait_for("ticket_update", lambda frame: frame["event_type"] == "ticket_claimed")

    told = [frame for frame in member.frames if frame["type"] == "ticket_update"]
    assert {frame["ticket_id"] for frame in told} == {own["ticket_id"]}
    assert "secret note" not in json.dumps(member.frames)
    chain = [(frame["seq"], frame["prev_seq"]) for frame in told]
    assert chain == [(1, 0), (2, 1), (4, 2)]


async def test_typing_is_heard_by_the_others_under_the_true_name(connect, ticket_id):
    path = f"/ws/tickets/{ticket_id}/"
    async with connect(path, "alice") as alice, connect(path, "moira") as moira:
        await moira.wait_for("message_history")
        await alice.say("typing", user_name="The Owner Of This Server")
        heard = await moira.wait_for("typing")
        await moira.say("send_message", message="done")
        await alice.wait_for("new_message")
    assert heard["user_name"] == "alice"
    assert "typing" not in [frame["type"] for frame in alice.frames]


async def test_logging_out_ends_the_socket(server, connect, ticket_id):
    token = await asyncio.to_thread(server.token, "alice")
    path = f"/ws/tickets/{ticket_id}/"
    async with connect(path, subprotocols=["bearer", token]) as alice:
        await alice.wait_for("message_history")
        async with httpx.AsyncClient(base_url=server.url) as client:
            await client.post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await alice.wait_for("nothing")
    assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize(
    "raw",
    ["", "x", "[]", "5", "null", '{"type": 5}', '{"message": "x"}', '{"type": "send_message"}',
     '{"type": "send_message", "message": 5}', '{"type": "send_message", "message": "\\u0000"}',
     '{"type": "send_message", "message": "\\ud800"}', '{"type": "send_message", "message": null}',
     '{"type": "no_such_event"}', '{"type": "__class__"}', '{"type": "mark_read", "up_to_seq": -1}',
     '{"type": "send_message", "message": "' + "x" * 4001 + '"}', b"\x00\xff"],
)  # fmt: skip
async def test_broken_frames_get_an_error_and_the_socket_goes_on(connect, ticket_id, raw):
    async with connect(f"/ws/tickets/{ticket_id}/", "alice") as alice:
        await alice.connection.send(raw)
        error = await alice.wait_for("error")
        await alice.say("send_message", message="still here")
        await alice.wait_for("new_message")
    assert error["code"] and error["error"]


async def test_a_huge_frame_closes_that_socket_alone(connect, ticket_id):
    path = f"/ws/tickets/{ticket_id}/"
    async with connect(path, "moira") as moira:
        async with connect(path, "alice") as alice:
            with pytest.raises(websockets.ConnectionClosed):
                await alice.say("send_message", message="x" * 300_000)
                await alice.wait_for("nothing")
        await moira.say("send_message", message="still here")
        await moira.wait_for("send_message")


@pytest.mark.workers
async def test_a_flood_is_slowed_down(tmp_path):
    with serving(tmp_path / "data", environment={"RATELIMIT_ENABLE": "true"}) as strict:
        path = f"/ws/tickets/{strict.open_ticket()['ticket_id']}/?token={strict.token('alice')}"
        async with websockets.connect(f"ws://127.0.0.1:{strict.port}{path}") as connection:
            alice = Socket(connection)
            for _ in range(75):
                await alice.say("typing")
            error = await alice.wait_for("error")
    assert error["code"] == "too_many_requests"


async def test_staff_see_how_monitors_stand(server, connect):
    async with connect("/ws/monitors/", "moira") as moira:
        await moira.wait_for("joined_monitors")
        made = await rest(server, "ada", "POST", "/api/monitors", name="Heart", type="push")
        key = made.json()["data"]["id"]
        await rest(server, "ada", "POST", f"/api/monitors/{key}/pause")
        told = await moira.wait_for(
            "monitor_update", lambda frame: frame["monitors"][0]["status"] == "paused", patience=30
        )
    assert [monitor["id"] for monitor in told["monitors"]] == [key]
    assert await close_code(connect, "/ws/monitors/", "moira", origin="https://evil.example") == 4403
