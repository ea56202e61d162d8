"""A site that mails through a server on loopback, and people with addresses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from hazesite.outgoing.models import Delivery
from notifications.mail.models import MailAddress
from notifications.models import Notification
from tests.notifications.worker import do_jobs, wait
from tests.outgoing.conftest import draining
from tests.servers.smtp import MailServer

State = Delivery.State


@dataclass
class Office:
    server: MailServer

    @property
    def taken(self) -> list[EmailMessage]:
        return self.server.letters.taken

    def to(self, user: User) -> list[EmailMessage]:
        return [one for one in self.taken if one["To"] == f"{user.username}@example.org"]

    def arrives(self, count: int = 1, seconds: float = 20) -> EmailMessage:
        """The last of them."""
        wait(lambda: len(self.taken) >= count, seconds)
        return self.taken[-1]

    @contextmanager
    def drained(self) -> Iterator[None]:
        do_jobs()
        with draining():
            yield


def give_address(user: User, **more: Any) -> MailAddress:
    """A confirmed one."""
    address = f"{user.username}@example.org"
    return MailAddress.objects.create(user=user, address=address, confirmed_at=timezone.now(), **more)


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def mails() -> Any:
    return Delivery.objects.filter(transport="mail").order_by("pk")


def states() -> list[str]:
    return list(mails().values_list("state", flat=True))


def pass_by(minutes: float = 11) -> None:
    """As much time is gone since everything happened that there is."""
    gone = timedelta(minutes=minutes)
    Notification.objects.update(created_at=F("created_at") - gone)
    mails().filter(next_try_at__isnull=False).update(next_try_at=F("next_try_at") - gone)


def use(server: MailServer, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As the settings read from the environment would have it."""
    from tests.servers.smtp import authority

    file = tmp_path / "authority.pem"
    authority().cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.MAIL_PROVIDER = "smtp"
    settings.MAIL_SERVER = settings.EMAIL_HOST = "localhost"
    settings.MAIL_PORT = settings.EMAIL_PORT = server.port
    settings.MAIL_DEFAULT_SENDER = settings.DEFAULT_FROM_EMAIL = "HazeBot <haze@example.org>"
    settings.EMAIL_USE_SSL = server.encryption == "implicit"
    settings.EMAIL_USE_TLS = server.encryption == "starttls"
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
