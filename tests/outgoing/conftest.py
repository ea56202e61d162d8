from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from hazesite.outgoing.drainer import Drainer
from hazesite.outgoing.transports import TRANSPORTS
from tests.outgoing.post import Post
from tests.outgoing.receiver import Receiver, receiving


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """The transport of the tests, registered."""
    transport = Post()
    monkeypatch.setitem(TRANSPORTS, "post", transport)
    return transport


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    with receiving() as running:
        yield running


@pytest.fixture
def drain() -> Iterator[Callable[[], Drainer]]:
    """Starts drainers in threads, as `manage.py worker` does."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(draining())


@contextmanager
def draining() -> Iterator[Drainer]:
    drainer = Drainer()
    thread = threading.Thread(target=drainer.run)
    thread.start()
    try:
        yield drainer
    finally:
        drainer.stop()
        thread.join(10)
        assert not thread.is_alive()
