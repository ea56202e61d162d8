"""How requests get to Django's threads and answers back."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hazesite import wsgi_pool
from hazesite.wsgi_pool import WSGIPool, environ

SCOPE = {
    "type": "http", "method": "POST", "path": "/tickets/ü", "query_string": b"q=1", "http_version": "1.1",
    "scheme": "https", "server": ("example.org", 443), "client": ("10.0.0.1", 5), "headers": [],
}  # fmt: skip


class Response(list):
    streaming, closed = False, False

    def close(self) -> None:
        self.closed = True


class Streamed(Response):
    streaming = True


def asked(handler, pieces, until=None):
    """The messages of an answer; with `until`, who asked goes away when that many have come."""
    pool, sent, waiting = WSGIPool(1), [], list(pieces)
    pool._handler = handler

    async def receive():
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def ask():
        enough = asyncio.Event()

        async def send(message):
            sent.append(message)
            if len(sent) == until:
                enough.set()

        task = asyncio.ensure_future(pool(SCOPE, receive, send))
        if until:
            await enough.wait()
            task.cancel()
        await asyncio.gather(task, return_exceptions=bool(until))

    asyncio.run(ask())
    pool._threads.shutdown()
    return sent


def test_what_wsgi_says_of_a_request():
    headers = [
        (b"host", b"example.org"), (b"content-type", b"text/plain"), (b"content-length", b"3"),
        (b"cookie", b"a=1"), (b"cookie", b"b=2"),
        (b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2"),
    ]  # fmt: skip
    found = environ({**SCOPE, "headers": headers}, None)
    assert found["PATH_INFO"].encode("latin-1").decode() == "/tickets/ü"
    assert (found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("text/plain", "3")
    assert (found["HTTP_COOKIE"], found["HTTP_X_FORWARDED_FOR"]) == ("a=1; b=2", "1.1.1.1,2.2.2.2")
    assert (found["wsgi.url_scheme"], found["SERVER_PORT"], found["REMOTE_ADDR"]) == (
        "https",
        "443",
        "10.0.0.1",
    )


def test_a_header_that_would_pass_for_another_is_left_out():
    """A proxy that sets `X-Request-ID` need not know of `x_request_id`."""
    headers = [(b"x_request_id", b"mine"), (b"content_length", b"5"), (b"x-request-id", b"theirs")]
    found = environ({**SCOPE, "headers": headers}, None)
    assert found["HTTP_X_REQUEST_ID"] == "theirs" and "CONTENT_LENGTH" not in found


def test_a_whole_answer_is_two_messages_and_is_closed():
    response = Response([b"one", b"two"])

    def handler(environ, begin):
        begin("201 Created", [("Content-Type", "text/plain")])
        assert environ["wsgi.input"].read() == b"body"
        return response

    start, body = asked(handler, [b"body"])
    assert (start["status"], start["headers"]) == (201, [(b"content-type", b"text/plain")])
    assert body == {"type": "http.response.body", "body": b"onetwo", "more_body": False}
    assert response.closed


def test_a_body_in_pieces_is_read_to_its_end():
    def handler(environ, begin):
        begin("200 OK", [])
        return Response([environ["wsgi.input"].read(4), environ["wsgi.input"].read()])

    assert asked(handler, [b"abc", b"", b"def", b"g"])[1]["body"] == b"abcdefg"


def test_a_streamed_answer_comes_as_it_is_made():
    response = Streamed([b"one", b"two"])

    def handler(_environ, begin):
        begin("200 OK", [])
        return response

    bodies = [message["body"] for message in asked(handler, [b""])[1:]]
    assert bodies == [b"one", b"two", b""]
    assert response.closed


def test_nobody_makes_the_rest_for_somebody_who_is_gone():
    closed, made = threading.Event(), []

    class Endless:
        streaming = True

        def __iter__(self):
            while True:
                made.append(1)
                yield b"more"

        def close(self):
            closed.set()

    def handler(_environ, begin):
        begin("200 OK", [])
        return Endless()

    asked(handler, [b""], until=5)
    assert closed.wait(5)
    assert len(made) < 1000


class Waiting(Streamed):
    def __init__(self, go_on):
        self.go_on = go_on

    def __iter__(self):
        yield b"one"
        self.go_on()
        yield b"two"


def streams(_environ, begin, go_on):
    begin("200 OK", [])
    return Waiting(go_on)


def reads(environ, _begin, go_on):
    go_on()
    environ["wsgi.input"].read()


@pytest.mark.parametrize("handler", [streams, reads])
def test_a_thread_does_not_wait_for_a_loop_that_stopped(handler, monkeypatch):
    monkeypatch.setattr(wsgi_pool, "LOOK_SECONDS", 0.05)
    pool, loop = WSGIPool(1), asyncio.new_event_loop()
    stopped = threading.Event()

    def go_on():
        loop.call_soon_threadsafe(loop.stop)
        assert stopped.wait(5)

    def handle(environ, begin):
        return handler(environ, begin, go_on)

    async def receive():
        return {"type": "http.request", "body": b"some", "more_body": True}

    async def send(_message):
        pass

    pool._handler = handle
    task = loop.create_task(pool(SCOPE, receive, send))
    loop.run_forever()
    stopped.set()
    (thread,) = pool._threads._threads
    pool._threads.shutdown(wait=False)
    thread.join(5)
    still_waits = thread.is_alive()
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))  # lets go who still waits
    loop.close()
    assert not still_waits
