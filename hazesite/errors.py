"""How a rule of the product says no."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """A rule forbids what was asked.

    Services raise it and never catch it. `hazesite.api` makes a JSON answer of it, a socket an
    error frame, the admin a message: one wording, every door. `code` is for programs and never
    changes; the message is for people. `retry_after` is in seconds.
    """

    status = 409
    code = "refused"
    message: str | Promise = _("That is not possible right now.")
    retry_after: int | None = None

    def __init__(self, message: str | Promise = "", **details: object) -> None:
        self.details = details
        super().__init__(str(message or self.message))


class NotAllowed(Refused):
    status = 403
    code = "not_allowed"
    message = _("You may not do that.")


class NotFound(Refused):
    """Unknown, or not visible to whoever asks: the two are never told apart."""

    status = 404
    code = "not_found"
    message = _("There is no such thing here.")


class Invalid(Refused):
    status = 400
    code = "invalid"
    message = _("That is not valid.")


class Unfit(Refused):
    """Well-formed, and yet it does not go together, with the rest of the input or with what there is.

    400 is for what the API's document forbids; this is for what no document can know.
    """

    code = "unfit"
    message = _("That does not fit.")


class TooMany(Refused):
    status = 429
    code = "too_many_requests"
    message = _("Too many requests. Wait a moment and try again.")

    def __init__(self, retry_after: int, message: str | Promise = "") -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class BodyTooLarge(Refused):
    status = 413
    code = "too_large"
    message = _("The request is too large.")
