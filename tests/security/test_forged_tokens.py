"""A token is ours, by our algorithm and key, and nothing in it is believed beyond its session."""

from __future__ import annotations

import base64
import json

import jwt
import pytest
from django.conf import settings

ME = "/api/users/me"


def claims_of(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def unsigned(claims: dict) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{body}."


FORGERIES = {
    "no signature": lambda claims: unsigned(claims),
    "another algorithm": lambda claims: jwt.encode(claims, settings.JWT_KEY, algorithm="HS512"),
    "the key of cookies": lambda claims: jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256"),
    "for others": lambda claims: jwt.encode(claims | {"aud": "elsewhere"}, settings.JWT_KEY),
    "by others": lambda claims: jwt.encode(claims | {"iss": "elsewhere"}, settings.JWT_KEY),
    "no end": lambda claims: jwt.encode({k: claims[k] for k in claims.keys() - {"exp"}}, settings.JWT_KEY),
    "a session nobody has": lambda claims: jwt.encode(claims | {"session_id": "f" * 32}, settings.JWT_KEY),
    "a generation to come": lambda claims: jwt.encode(claims | {"gen": 99}, settings.JWT_KEY),
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("kind", FORGERIES)
@pytest.mark.parametrize("path", [ME, "/api/auth/refresh"])
def test_it_is_refused(alice, anonymous, token_of, kind, path):
    forged = FORGERIES[kind](claims_of(token_of(alice)))
    call = anonymous.post if path.endswith("refresh") else anonymous.get
    assert call(path, headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_what_it_claims_about_the_person_counts_for_nothing(alice, ada, anonymous, token_of):
    """Even with our key: the role, the permissions and the name are those of the session's row."""
    claims = claims_of(token_of(alice)) | {"role": "admin", "permissions": ["all"], "user_id": ada.user_id}
    shown = anonymous.get(ME, headers={"Authorization": f"Bearer {jwt.encode(claims, settings.JWT_KEY)}"})
    assert (shown.json()["user_id"], shown.json()["role"]) == (alice.user_id, "lootling")
