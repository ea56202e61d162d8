from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hazesite.errors import Refused


class Unauthenticated(Refused):
    """401: the door adds `WWW-Authenticate: Bearer`."""

    status = 401
    code = "unauthorized"
    message = _("Sign in first: the token is missing, expired or revoked.")


class WrongCredentials(Unauthenticated):
    code = "wrong_credentials"
    message = _("The user name or the password is wrong.")


class WrongSecret(Unauthenticated):
    code = "wrong_secret"
    message = _("The secret is wrong.")


class TokenReused(Unauthenticated):
    code = "token_reused"
    message = _("This token was replaced long ago. The sign-in has been ended; sign in again.")


class NameTaken(Refused):
    code = "name_taken"
    message = _("There is a user of that name already.")
