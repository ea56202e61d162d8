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


class AddressNotAllowed(Refused):
    status = 403
    code = "address_not_allowed"
    message = _("Monitoring tokens are not given to this address.")


class TokenReused(Unauthenticated):
    code = "token_reused"
    message = _("This token was replaced long ago. The sign-in has been ended; sign in again.")


class NameTaken(Refused):
    code = "name_taken"
    message = _("There is a user of that name already.")


class LastAdmin(Refused):
    code = "last_admin"
    message = _("Nobody else is an admin here. Make somebody one first.")


class RoleFromDiscord(Refused):
    code = "role_from_discord"
    message = _("Their role in the Discord server gives them more than that. Take it away there.")


class Erased(Refused):
    code = "erased"
    message = _("This person was erased, or is about to be.")


class NotConfirmed(Refused):
    code = "not_confirmed"
    message = _("Type the person's user name to confirm. Nothing was changed.")


class DiscordLoginOff(Refused):
    status = 503
    code = "discord_login_off"
    message = _("Signing in with Discord is not set up here.")


class BadState(Refused):
    status = 400
    code = "bad_state"
    message = _("This sign-in was not begun here, took too long, or is finished. Begin again.")


class LoginDenied(Refused):
    status = 403
    code = "access_denied"
    message = _("You did not agree at Discord, so nobody was signed in.")


class DiscordRefused(Refused):
    status = 403
    code = "discord_refused"
    message = _("Discord did not accept this sign-in. Begin again.")


class DiscordUnavailable(Refused):
    status = 503
    code = "discord_unavailable"
    message = _("Discord does not answer right now. Try again in a while.")


class NotAMember(Refused):
    status = 403
    code = "not_a_member"
    message = _("You are not a member of this community's Discord server.")


class Blocked(Refused):
    status = 403
    code = "blocked"
    message = _("This account is blocked.")


class NotStaff(Refused):
    status = 403
    code = "not_staff"
    message = _("This account has no access to the admin site: it is for moderators and admins.")
