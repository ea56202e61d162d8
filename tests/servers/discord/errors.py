"""The errors Discord answers with: an HTTP status, a code of its own, a sentence, and where in the body."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    shape = "ERROR"

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.errors = status, code, message, errors

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        return body | {"errors": self.errors} if self.errors else body


class OAuthError(ApiError):
    """The errors of the token endpoint have the form of RFC 6749."""

    shape = "TOKEN_ERROR"

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(status, 0, description)
        self.error = error

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.message}


UNKNOWN = {
    "channel": 10003, "guild": 10004, "member": 10007, "message": 10008, "overwrite": 10009, "role": 10011,
    "token": 10012, "user": 10013, "webhook": 10015, "interaction": 10062, "application command": 10063,
}  # fmt: skip


def unknown(what: str) -> ApiError:
    name = what if what in ("interaction", "application command") else what.title()
    return ApiError(404, UNKNOWN[what], f"Unknown {name}")


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def archived() -> ApiError:
    return ApiError(400, 50083, "Thread is archived")


def invalid(where: str, code: str, message: str) -> ApiError:
    """400 `Invalid Form Body`; `where` is the path of the field with dots: `embeds.0.title`."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(where.split(".")):
        errors = {part: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


def number(where: str, value: Any) -> int:
    """An id or a number of a request. Raises 400 for anything else."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(where, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.') from None


def check_length(where: str, text: Any, least: int, most: int) -> None:
    """Raises `ApiError` unless `text` is a string of `least` to `most` characters."""
    if not isinstance(text, str):
        raise invalid(where, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
    if not least <= len(text) <= most:
        if least <= 0 or len(text) > most:
            raise invalid(where, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        raise invalid(where, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
