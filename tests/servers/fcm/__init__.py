"""A Firebase Cloud Messaging of our own on 127.0.0.1: the HTTP v1 API, its OAuth2 tokens, and the phones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.servers.fcm.app import Site
from tests.servers.fcm.operations import Operations
from tests.servers.loopback import Loopback, OnLoop


class FcmServer(Loopback):
    """`api_url` and `credentials` are for the client.

    `operations` registers phones, breaks things and tells what became of the messages. `key` is the service
    account's: making one takes a moment.
    """

    def __init__(
        self, port: int = 0, project_id: str = "haze-of-the-tests", key: RSAPrivateKey | None = None
    ) -> None:
        super().__init__("fcm", port)
        self.site = Site(project_id, key)
        self.operations: Operations = cast("Operations", OnLoop(self, self.site.operations))

    def application(self) -> web.Application:
        return self.site.application()

    def listens(self) -> None:
        self.site.token_uri = self.token_uri
        self.site.faults.let_go.clear()
        self.site.token_faults.let_go.clear()

    def falls_silent(self) -> None:
        self.site.faults.let_go.set()
        self.site.token_faults.let_go.set()

    @property
    def complaints(self) -> list[str]:
        return self.site.complaints

    @property
    def api_url(self) -> str:
        """In place of https://fcm.googleapis.com."""
        return self.base_url

    @property
    def token_uri(self) -> str:
        return f"{self.base_url}/token"

    @property
    def project_id(self) -> str:
        return self.site.account.project_id

    @property
    def credentials(self) -> dict[str, str]:
        """A service account, as the JSON file of the Firebase console has it."""
        return self.site.account.credentials(self.token_uri)

    def write_credentials(self, path: Path) -> Path:
        """For their owner's eyes alone."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.credentials, indent=2), encoding="utf-8")
        return path

    def accepted(self, token: str | None = None) -> list[dict[str, Any]]:
        return self.operations.accepted(token)

    def received(self, token: str) -> list[dict[str, Any]]:
        return self.operations.received(token)

    def shown(self, token: str) -> list[dict[str, Any]]:
        return self.operations.shown(token)

    def rings(self, token: str) -> list[dict[str, Any]]:
        return self.operations.rings(token)

    def statuses(self) -> list[int]:
        """Of all that was asked to be sent, in the order it was asked; 0 has no answer."""
        return [request["status"] for request in self.operations.requests("messages:send")]

    def tokens_asked(self) -> int:
        """How often an access token was asked for."""
        return len(self.operations.requests("/token"))
