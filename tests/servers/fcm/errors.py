"""The refusals of FCM and of Google's token endpoint, in the JSON Google documents."""

from __future__ import annotations

from typing import Any

FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"

NOT_A_TOKEN = "The registration token is not a valid FCM registration token"
FAILURES = {
    "UNREGISTERED": (404, "NOT_FOUND", "Requested entity was not found."),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED", "SenderId mismatch"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "UNAVAILABLE": (503, "UNAVAILABLE", "The service is currently unavailable."),
    "INTERNAL": (500, "INTERNAL", "Internal error encountered."),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service"),
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT", NOT_A_TOKEN),
}
"""By FCM's own code: HTTP status, Google's canonical code, message."""


class Refused(Exception):
    """Answers the request with this status and body."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, headers or {}


def google_error(
    status: int, canonical: str, message: str, *details: dict[str, Any], headers: dict[str, str] | None = None
) -> Refused:
    error = {"code": status, "message": message, "status": canonical, "details": list(details)}
    return Refused(status, {"error": error}, headers)


def failure(code: str, retry_after: float | None = None) -> Refused:
    """One of `FAILURES`."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return google_error(*FAILURES[code], {"@type": FCM_ERROR, "errorCode": code}, headers=headers)


def violating(field: str, description: str) -> dict[str, Any]:
    return {"@type": BAD_REQUEST, "fieldViolations": [{"field": field, "description": description}]}


def misshapen(violations: list[tuple[str, str]]) -> Refused:
    """The answer of the parser in front of FCM, which knows no FCM codes: a field and a description each."""
    found = [{"field": field, "description": description} for field, description in violations]
    message = "\n".join(description for _, description in violations)
    return google_error(400, "INVALID_ARGUMENT", message, {"@type": BAD_REQUEST, "fieldViolations": found})


def invalid(field: str, description: str) -> Refused:
    """What FCM itself says of a message that is well-formed and still not to be sent."""
    code = {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"}
    return google_error(400, "INVALID_ARGUMENT", description, code, violating(field, description))


def unauthenticated(reason: str) -> Refused:
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other"
        " valid authentication credential."
    )
    info = {"@type": ERROR_INFO, "reason": reason, "domain": "googleapis.com"}
    challenge = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
    return google_error(401, "UNAUTHENTICATED", message, info, headers=challenge)


def denied(reason: str, message: str) -> Refused:
    info = {"@type": ERROR_INFO, "reason": reason, "domain": "googleapis.com"}
    return google_error(403, "PERMISSION_DENIED", message, info)


def no_grant(error: str, description: str, status: int = 400) -> Refused:
    """Of the token endpoint, which speaks OAuth2's language."""
    return Refused(status, {"error": error, "error_description": description})
