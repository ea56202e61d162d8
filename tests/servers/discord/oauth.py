"""OAuth2 for people: the authorize page, the token endpoint with PKCE, revocation."""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from tests.servers.discord.community import Community
from tests.servers.discord.errors import ApiError, OAuthError
from tests.servers.discord.rest.door import Call, door
from tests.servers.discord.state import AccessToken, Grant, Person

SCOPES = {"identify", "email", "guilds", "guilds.members.read", "connections", "guilds.join", "openid"}


@door("GET", "/oauth2/authorize", status=302, auth="none")
async def authorize(call: Call) -> web.Response:
    """Goes back at once for the person who stands at the page; lists everyone when nobody does."""
    community, query = call.community, call.query
    check_client(community, query)
    scopes = query.get("scope", "").split()
    if query.get("response_type") != "code":
        return back(
            query, error="unsupported_response_type", error_description="Only the code grant is here."
        )
    if not scopes or set(scopes) - SCOPES:
        return back(query, error="invalid_scope", error_description="The requested scope is invalid.")
    if query.get("code_challenge_method", "plain") not in ("S256", "plain"):
        return back(query, error="invalid_request", error_description="Unknown code challenge method.")
    person = community.people.get(int(query["as"])) if query.get("as", "").isdigit() else community.login
    if person is None:
        return page(community, query)
    if isinstance(person, str):
        return back(query, error=person, error_description="The resource owner or server denied the request")
    return back(query, code=grant(community, person, scopes, query))


def check_client(community: Community, query: dict[str, str]) -> None:
    """A stranger, or an address that is not registered, is told so here and sent nowhere."""
    if query.get("client_id") != str(community.application_id):
        raise ApiError(400, 50035, "Invalid Form Body", {"client_id": {"_errors": [
            {"code": "INVALID", "message": "Unknown application"},
        ]}})  # fmt: skip
    known = community.portal.redirect_uris
    address = query.get("redirect_uri")
    if not address or (known is not None and address not in known):
        raise ApiError(400, 50035, "Invalid OAuth2 redirect_uri")


def back(query: dict[str, str], **answer: str) -> web.Response:
    parts = urlsplit(query["redirect_uri"])
    said = dict(parse_qsl(parts.query)) | answer
    if "state" in query:
        said["state"] = query["state"]
    return web.Response(status=302, headers={"Location": urlunsplit(parts._replace(query=urlencode(said)))})


def page(community: Community, query: dict[str, str]) -> web.Response:
    people = [one for one in community.people.values() if not one.bot]
    links = "".join(
        f'<li><a href="?{html.escape(urlencode(query | {"as": one.id}))}">{html.escape(one.name)}</a></li>'
        for one in people
    )
    icon = '<link rel="icon" href="data:,">'
    return web.Response(text=f"{icon}<h1>Who are you?</h1><ul>{links}</ul>", content_type="text/html")


def grant(community: Community, person: Person, scopes: list[str], query: dict[str, str]) -> str:
    code = secrets.token_urlsafe(22)
    expires = community.clock.now() + community.portal.code_life_seconds
    community.codes[code] = Grant(
        person.id, scopes, query["redirect_uri"], expires, query.get("code_challenge"),
        query.get("code_challenge_method", "plain"),
    )  # fmt: skip
    return code


@door("POST", "/oauth2/token", "TOKEN", auth="none")
async def token(call: Call) -> Any:
    form = form_of(call)
    kind = form.get("grant_type")
    if kind == "authorization_code":
        return exchange(call.community, form)
    if kind == "refresh_token":
        return refresh(call.community, form)
    raise OAuthError("unsupported_grant_type", "Unsupported grant type")


def form_of(call: Call) -> dict[str, str]:
    """The form of a client that proved itself, in the form or by Basic. JSON is not taken."""
    if not call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        raise OAuthError("invalid_request", "The body must be a form.")
    form = {name: str(value) for name, value in call.fields.items()}
    named, secret = form.get("client_id"), form.get("client_secret")
    sign, _, basic = call.headers.get("Authorization", "").partition(" ")
    if sign == "Basic":
        named, _, secret = base64.b64decode(basic).decode().partition(":")
    right = secrets.compare_digest(secret or "", call.community.portal.client_secret)
    if named != str(call.community.application_id) or not right:
        raise OAuthError("invalid_client", "Invalid client credentials", 401)
    return form


def exchange(community: Community, form: dict[str, str]) -> dict[str, Any]:
    """A code is good once, for the address it was given to and who knows the verifier of its challenge."""
    given = community.codes.pop(form.get("code", ""), None)
    if given is None or given.expires_at < community.clock.now():
        raise OAuthError("invalid_grant", 'Invalid "code" in request.')
    if form.get("redirect_uri") != given.redirect_uri:
        raise OAuthError("invalid_grant", 'Invalid "redirect_uri" in request.')
    if (
        given.challenge
        and challenge(form.get("code_verifier", ""), given.challenge_method) != given.challenge
    ):
        raise OAuthError("invalid_grant", 'Invalid "code_verifier" in request.')
    return issue(community, given.person_id, given.scopes)


def challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def refresh(community: Community, form: dict[str, str]) -> dict[str, Any]:
    known = [one for one in community.tokens.values() if one.refresh == form.get("refresh_token")]
    if not known:
        raise OAuthError("invalid_grant", 'Invalid "refresh_token" in request.')
    del community.tokens[known[0].access]
    return issue(community, known[0].person_id, known[0].scopes)


def issue(community: Community, person_id: int, scopes: list[str]) -> dict[str, Any]:
    life = community.portal.token_life_seconds
    made = AccessToken(
        person_id, scopes, secrets.token_urlsafe(22), secrets.token_urlsafe(22), community.clock.now() + life
    )
    community.tokens[made.access] = made
    return {
        "token_type": "Bearer",
        "access_token": made.access,
        "expires_in": int(life),
        "refresh_token": made.refresh,
        "scope": " ".join(scopes),
    }


@door("POST", "/oauth2/token/revoke", status=200, auth="none")
async def revoke(call: Call) -> web.Response:
    """Access and refresh token go together; a token nobody knows is no error."""
    gone = form_of(call).get("token")
    for one in list(call.community.tokens.values()):
        if gone in (one.access, one.refresh):
            del call.community.tokens[one.access]
    return web.Response(body=b"{}", headers={"Content-Type": "application/json"})
