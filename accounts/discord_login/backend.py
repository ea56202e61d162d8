"""Discord's OAuth2 through social-auth: the way to its page, and who comes back from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from django.conf import settings
from social_core.backends.discord import DiscordOAuth2
from social_core.backends.oauth import BaseOAuth2PKCE
from social_core.exceptions import (
    AuthCanceled,
    AuthProviderError,
    AuthResponseError,
    SocialAuthBaseException,
)

from accounts.discord_login.strategy import AttemptStrategy
from accounts.errors import DiscordRefused, DiscordUnavailable, LoginDenied, NotAMember
from accounts.people import Profile
from hazesite.errors import Refused

logger = structlog.get_logger(__name__)
CDN = "https://cdn.discordapp.com"


@dataclass(frozen=True)
class WayOut:
    """Where a person is sent. Whoever comes back shows `state`; `verifier` stays here (PKCE)."""

    auth_url: str
    state: str
    verifier: str


class DiscordLogin(BaseOAuth2PKCE[Any], DiscordOAuth2[Any]):
    DEFAULT_SCOPE = ["identify", "guilds.members.read"]
    SCOPE_SEPARATOR = " "

    def authorization_url(self) -> str:
        """The page is not part of the versioned API: it is at the root of the same host."""
        api = urlsplit(settings.DISCORD_API_URL)
        return f"{api.scheme}://{api.netloc}/oauth2/authorize"

    def access_token_url(self) -> str:
        return f"{settings.DISCORD_API_URL}/oauth2/token"

    def user_data(self, access_token: str, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        """The member, with their `user` and `roles`. Raises `NotAMember`."""
        url = f"{settings.DISCORD_API_URL}/users/@me/guilds/{settings.DISCORD_GUILD_ID}/member"
        try:
            member: dict[str, Any] = self.get_json(url, headers={"Authorization": f"Bearer {access_token}"})
        except AuthProviderError as error:
            if error.status_code == 404:
                raise NotAMember from error
            raise
        return member


def way_out() -> WayOut:
    session: dict[str, Any] = {}
    backend = _backend(session, {})
    auth_url = backend.auth_url()
    state = parse_qs(urlsplit(auth_url).query)["state"][0]
    return WayOut(auth_url, state, session[backend.transaction_key(state)]["code_verifier"])


def profile_of(said: Mapping[str, str], *, verifier: str, begun_at: float) -> Profile:
    """Who came back with this `code` and `state`. Asks Discord twice; its tokens are dropped.

    `begun_at` is in seconds since the epoch. Raises `LoginDenied`, `NotAMember`, `DiscordRefused`,
    `DiscordUnavailable`.
    """
    state = said.get("state", "")
    backend = _backend({}, said)
    transaction = {"state": state, "timestamp": int(begun_at), "code_verifier": verifier}
    backend.strategy.session_set(backend.transaction_key(state), transaction)
    try:
        return _profile(backend.complete())
    except SocialAuthBaseException as error:
        reason = {"provider_code": error.provider_code, "status": error.status_code}
        logger.warning("discord_login_failed", reason=error.code, stage=error.stage, **reason)
        raise _refusal(error) from error
    except (KeyError, TypeError, ValueError) as error:
        logger.warning("discord_login_failed", reason=repr(error))
        raise DiscordUnavailable from error


def _backend(session: dict[str, Any], said: Mapping[str, str]) -> DiscordLogin:
    return DiscordLogin(AttemptStrategy(session, said), redirect_uri=settings.DISCORD_REDIRECT_URI)


def _refusal(error: SocialAuthBaseException) -> Refused:
    if isinstance(error, AuthCanceled):
        return LoginDenied()
    failed = isinstance(error, (AuthProviderError, AuthResponseError))
    return DiscordUnavailable() if failed else DiscordRefused()


def _profile(member: Any) -> Profile:
    user = member["user"]
    return Profile(
        discord_id=int(user["id"]),
        name=user["username"],
        avatar=_avatar(member),
        discriminator=user.get("discriminator") or "0",
        role_ids=[int(role) for role in member["roles"]],
    )


def _avatar(member: Any) -> str:
    """The picture that the guild sees, by the addresses the bot's library makes of it."""
    user = member["user"]
    if own := member.get("avatar"):
        return _picture(f"guilds/{settings.DISCORD_GUILD_ID}/users/{user['id']}/avatars", own)
    if own := user.get("avatar"):
        return _picture(f"avatars/{user['id']}", own)
    old_style = user.get("discriminator") or "0"
    number = (int(user["id"]) >> 22) % 6 if old_style == "0" else int(old_style) % 5
    return f"{CDN}/embed/avatars/{number}.png"


def _picture(place: str, name: str) -> str:
    kind = "gif" if name.startswith("a_") else "png"
    return f"{CDN}/{place}/{name}.{kind}?size=1024"
