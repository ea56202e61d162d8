"""People with phones, an FCM on loopback, a worker's parts to run by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from accounts.models import User
from hazesite.outgoing.transports import TRANSPORTS
from notifications import services
from notifications.mail.transport import MailTransport
from tests.notifications.office import Office, use
from tests.notifications.worker import do_jobs, wait  # noqa: F401 - for the tests
from tests.outgoing.conftest import draining
from tests.servers.conftest import fcm_key, fcm_server, one_context  # noqa: F401 - fixtures
from tests.servers.fcm import FcmServer
from tests.servers.smtp import MailServer


@dataclass
class Phones:
    """The devices of people, and what arrived on them."""

    fcm: FcmServer

    def give(self, user: User, platform: str = "android") -> str:
        token = self.fcm.operations.register(platform)
        services.register_device(user, token, platform)
        return token

    def data(self, token: str) -> list[dict[str, str]]:
        return [one["message"]["data"] for one in self.fcm.accepted(token)]

    def words(self, token: str) -> list[str]:
        return [one["body"] for one in self.data(token) if "body" in one]

    @contextmanager
    def drained(self) -> Iterator[None]:
        """What a worker does with jobs and deliveries, until what is inside has come to be."""
        do_jobs()
        with draining():
            yield


@pytest.fixture
def phones(fcm_server, settings, monkeypatch) -> Phones:  # noqa: F811
    # Opening the library reads the list of authorities three times, which here nothing needs.
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", one_context)
    settings.FCM_CREDENTIALS, settings.FCM_API_URL = fcm_server.credentials, fcm_server.api_url
    return Phones(fcm_server)


@pytest.fixture
def office(settings, monkeypatch, tmp_path):
    """A mail server on loopback, and a site that uses it. Its first pause after a failure is short."""
    server = MailServer().start()
    use(server, settings, monkeypatch, tmp_path)
    monkeypatch.setattr("hazesite.outgoing.services.FIRST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr("notifications.mail.transport.PAUSE", timedelta(seconds=0.2))
    monkeypatch.setitem(TRANSPORTS, "mail", MailTransport())
    yield Office(server)
    server.stop()
