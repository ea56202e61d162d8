"""Firebase Cloud Messaging through Google's own library.

What the library has no option for is set on its private parts: another address, and one attempt for each
send. Its own attempts would send twice what arrived without an answer, and sleep as long as FCM asks; the
ledger does both better. Its calls are blocking, so they run in threads (docs/adr/0011).
"""

from __future__ import annotations

import itertools
import threading
from typing import Any

import firebase_admin
import requests
from django.conf import settings
from firebase_admin import credentials, exceptions, messaging
from firebase_admin.messaging import Message
from google.auth import exceptions as sign_in

from hazesite.outgoing.transports import GiveUp, Outcome, Retry, Sent
from notifications.models import Device

THREADS = 32
TIMEOUT_SECONDS = 8
GONE = "FCM knows this device no more."
QUOTA_PAUSE_SECONDS = 60.0
_names = itertools.count()


class Fcm:
    """One app of the library, opened at the first message: that reads certificates, and takes a moment."""

    def __init__(self, account: dict[str, Any], api_url: str) -> None:
        self.account, self.api_url = account, api_url
        self._app: firebase_admin.App | None = None
        self._opening = threading.Lock()

    def app(self) -> firebase_admin.App:
        with self._opening:
            if self._app is None:
                self._app = self._open()
            return self._app

    def _open(self) -> firebase_admin.App:
        certificate = credentials.Certificate(self.account)
        options = {"httpTimeout": TIMEOUT_SECONDS}
        app = firebase_admin.initialize_app(certificate, options, name=f"push-{next(_names)}")
        service = messaging._get_messaging_service(app)
        service._fcm_url = f"{self.api_url}/v1/projects/{app.project_id}/messages:send"
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=THREADS, max_retries=0)
        service._client.session.mount(self.api_url, adapter)
        return app

    def send(self, message: Message) -> Outcome:
        """Blocks for some seconds at most. What it raises is not known to have failed for ever."""
        try:
            messaging.send(message, app=self.app())
            return Sent()
        except exceptions.FirebaseError as error:
            return outcome_of(error)
        except (sign_in.GoogleAuthError, requests.RequestException) as error:
            return Retry(f"Google gave no access: {error}")


_fcm: Fcm | None = None


def fcm() -> Fcm:
    """That of this process. Only where `FCM_CREDENTIALS` is set."""
    global _fcm
    account, api_url = settings.FCM_CREDENTIALS or {}, settings.FCM_API_URL
    if _fcm is None or (_fcm.account, _fcm.api_url) != (account, api_url):
        _fcm = Fcm(account, api_url)
    return _fcm


def address(message: Message, kind: str, where: str) -> Message:
    """Set afterwards: naming the token to the constructor warns that installation ids are to come."""
    setattr(message, "fid" if kind == Device.AddressKind.FID else "token", where)
    return message


def outcome_of(error: exceptions.FirebaseError) -> Outcome:
    """A device is forgotten only where FCM says that it is gone; never for a fault of ours or of the net."""
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, (messaging.UnregisteredError, messaging.SenderIdMismatchError)):
        return GiveUp(GONE)
    if isinstance(error, exceptions.InvalidArgumentError):
        return GiveUp(GONE if "registration token" in str(error).lower() else reason)
    after = _asked_for(error)
    if isinstance(error, messaging.QuotaExceededError):
        return Retry(reason, after or QUOTA_PAUSE_SECONDS)
    return Retry(reason, after)


def _asked_for(error: exceptions.FirebaseError) -> float | None:
    answer = error.http_response
    wait = answer.headers.get("Retry-After", "") if answer is not None else ""
    return float(wait) if wait.isdigit() else None


def is_quota(outcome: Outcome) -> bool:
    return isinstance(outcome, Retry) and outcome.reason.startswith("QuotaExceededError")
