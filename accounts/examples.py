"""Requests and answers that the API's document shows."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

TOKEN = {
    "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoidTEifQ.c2lnbmVk",
    "user": "alice",
    "user_id": "u1",
    "role": "lootling",
    "discord_id": "legacy_user",
    "permissions": ["tickets_own", "memes", "rocket_league"],
    "session_id": "6c1e0d4a2f9b4d5e8a7c3b2f1e0d9c8b",
    "expires_at": "2026-01-12T10:30:00Z",
}
SIGNED_IN = OpenApiExample("signed in", TOKEN, response_only=True, status_codes=["200"])
LOGIN = [
    OpenApiExample("password", {"username": "alice", "password": "alice-has-a-ticket-3"}, request_only=True),
    SIGNED_IN,
]
PERSON = {
    "user_id": "u1",
    "username": "alice",
    "discriminator": "0",
    "avatar": None,
    "role": "lootling",
    "permissions": ["tickets_own", "memes", "rocket_league"],
    "discord_id": None,
    "created_at": "2026-01-05T10:00:00Z",
}
ME = [OpenApiExample("a member", PERSON, response_only=True, status_codes=["200"])]
