"""What social-auth asks of a site: here settings of ours, and a session that lives for one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from social_core.storage import BaseStorage
from social_core.strategy import BaseStrategy

SECONDS = 5.0
"""How long Discord may take to connect, and between any two bytes."""


class OnceIsKept:
    """That a state is good once holds the row of its attempt, which is gone before social-auth looks."""

    @classmethod
    def use(cls, _server: str, _timestamp: int, _salt: str) -> bool:
        return True

    consume = use


class NoStorage(BaseStorage):
    """Nothing of Discord's is stored: neither tokens nor associations."""

    nonce = OnceIsKept  # type: ignore[assignment]  # only these two of its methods are called


class AttemptStrategy(BaseStrategy[Any]):
    """`session` is what a login attempt remembers, `said` what came back in the query."""

    def __init__(self, session: dict[str, Any], said: Mapping[str, str]) -> None:
        super().__init__(NoStorage)
        self.session, self.said = session, dict(said)

    def get_setting(self, name: str) -> Any:
        """Raises `KeyError` for what is left at its default."""
        return {
            "SOCIAL_AUTH_DISCORD_KEY": settings.DISCORD_CLIENT_ID,
            "SOCIAL_AUTH_DISCORD_SECRET": settings.DISCORD_CLIENT_SECRET,
            "REQUESTS_TIMEOUT": SECONDS,
        }[name]

    def get_request_data(self, merge: bool = True) -> dict[str, Any]:
        return self.said

    def build_absolute_uri(self, path: str | None = None) -> str:
        return path or ""

    def session_get(self, name: str, default: Any = None) -> Any:
        return self.session.get(name, default)

    def session_set(self, name: str, value: Any) -> None:
        self.session[name] = value

    def session_pop(self, name: str) -> Any:
        return self.session.pop(name, None)

    def authenticate(self, backend: Any, *_args: Any, **kwargs: Any) -> Any:
        """The answer as it is; who that is here is a question for `accounts.people`."""
        return kwargs["response"]
