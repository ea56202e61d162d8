"""The service account whose key the client signs with, and the access tokens it is given for that."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.fcm.errors import denied, no_grant, unauthenticated

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLES_TOKEN_URI = "https://oauth2.googleapis.com/token"
"""Google's library names it as audience whatever the `token_uri` of the credentials is."""
SCOPE_PREFIX = "https://www.googleapis.com/auth/"
SUFFICIENT = {SCOPE_PREFIX + "cloud-platform", SCOPE_PREFIX + "firebase.messaging"}
LEEWAY = 60
LONGEST_ASSERTION = 3600


class Clock:
    """Seconds since 1970, as FCM sees them; a test may move it forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


@dataclass
class AccessToken:
    value: str
    scopes: set[str]
    expires_at: float


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class ServiceAccount:
    def __init__(self, project_id: str, clock: Clock, key: rsa.RSAPrivateKey | None = None) -> None:
        self.project_id, self.clock = project_id, clock
        self.key = key or new_key()
        self.key_id = secrets.token_hex(20)
        self.email = f"firebase-adminsdk-{secrets.token_hex(3)}@{project_id}.iam.gserviceaccount.com"
        self.lifetime = 3600.0
        """Of the tokens given from now on."""
        self.tokens: dict[str, AccessToken] = {}

    def credentials(self, token_uri: str) -> dict[str, str]:
        """What the Firebase console gives as a JSON file."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": self.project_id,
            "private_key_id": self.key_id,
            "private_key": private.decode(),
            "client_email": self.email,
            "client_id": str(secrets.randbelow(10**21)),
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }

    def grant(self, form: dict[str, Any], token_uri: str) -> dict[str, Any]:
        """The answer of the token endpoint. Raises Refused."""
        if form.get("grant_type") != GRANT_TYPE:
            raise no_grant("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        claims = self._claims(str(form.get("assertion", "")), token_uri)
        scopes = set(str(claims.get("scope", "")).split())
        if not scopes or not all(scope.startswith(SCOPE_PREFIX) for scope in scopes):
            raise no_grant("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = AccessToken("ya29.c." + secrets.token_urlsafe(96), scopes, self.clock.now() + self.lifetime)
        self.tokens[token.value] = token
        return {"access_token": token.value, "expires_in": int(self.lifetime), "token_type": "Bearer"}

    def _claims(self, assertion: str, token_uri: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(assertion).get("kid") != self.key_id:
                raise no_grant("invalid_grant", "Invalid grant: account not found")
            claims: dict[str, Any] = jwt.decode(
                assertion,
                self.key.public_key(),
                algorithms=["RS256"],
                audience=[GOOGLES_TOKEN_URI, token_uri],
                issuer=self.email,
                options={"require": ["iss", "aud", "iat", "exp"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidSignatureError:
            raise no_grant("invalid_grant", "Invalid JWT Signature.") from None
        except jwt.InvalidTokenError as error:
            raise no_grant("invalid_grant", f"Invalid JWT: {error}") from None
        self._check_times(float(claims["iat"]), float(claims["exp"]))
        return claims

    def _check_times(self, issued: float, expires: float) -> None:
        now = self.clock.now()
        reasonable = issued - LEEWAY <= now <= expires and expires - issued <= LONGEST_ASSERTION
        if not reasonable:
            raise no_grant(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
                " Check your iat and exp values in the JWT claim.",
            )

    def authorise(self, header: str, project_id: str) -> None:
        """Raises Refused when this bearer may not send for the project."""
        kind, _, value = header.partition(" ")
        token = self.tokens.get(value) if kind == "Bearer" else None
        if token is None:
            raise unauthenticated("CREDENTIALS_MISSING" if not header else "ACCESS_TOKEN_TYPE_UNSUPPORTED")
        if token.expires_at <= self.clock.now():
            raise unauthenticated("ACCESS_TOKEN_EXPIRED")
        if not token.scopes & SUFFICIENT:
            raise denied("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "Request had insufficient authentication scopes.")
        if project_id != self.project_id:
            raise denied(
                "IAM_PERMISSION_DENIED",
                "Permission 'cloudmessaging.messages.create' denied on resource"
                f" '//cloudresourcemanager.googleapis.com/projects/{project_id}' (or it may not exist).",
            )

    def expire_tokens(self) -> None:
        for token in self.tokens.values():
            token.expires_at = self.clock.now()
