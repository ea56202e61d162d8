"""The way to Discord's page and back, as a client of ours sees it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import httpx
from rest_framework.test import APIClient

WEB, MOBILE = "https://app.example.org/in?theme=dark", "hazebot://oauth"
CALLBACK = "/api/discord/callback"


def auth_url(client, **query: str) -> str:
    answer = client.get("/api/discord/auth", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["auth_url"]


def at_discord(address: str) -> dict[str, str]:
    """What Discord's page sends back to us."""
    answer = httpx.get(address)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def come_back(client, said: dict[str, str], to: str = WEB) -> dict[str, str]:
    """The query with which the callback sends to the app at `to`."""
    answer = client.get(CALLBACK, said)
    assert answer.status_code == 302, answer.content
    assert answer["Cache-Control"] == "no-store"
    place, wanted = urlsplit(answer["Location"]), urlsplit(to)
    assert (place.scheme, place.netloc, place.path) == (wanted.scheme, wanted.netloc, wanted.path)
    query = dict(parse_qsl(place.query))
    assert all(query.pop(name) == value for name, value in parse_qsl(wanted.query))
    return query


def sign_in(client, **query: str) -> str:
    to = WEB if query.get("platform", "web") == "web" else MOBILE
    return come_back(client, at_discord(auth_url(client, **query)), to)["token"]


def bearer(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def refresh(token: str):
    return bearer(token).post("/api/auth/refresh")
