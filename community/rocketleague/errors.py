from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hazesite.errors import NotFound, Refused


class RanksNotConfigured(Refused):
    status = 503
    code = "rocket_league_not_configured"
    message = _("Ranks cannot be read: ROCKET_LEAGUE_API_KEY is not set.")


class UnknownPlayer(NotFound):
    code = "unknown_player"
    message = _("There is no such player on this platform.")


class AccountTaken(Refused):
    code = "account_taken"
    message = _("Somebody else has linked this account.")


class NothingLinked(NotFound):
    code = "nothing_linked"
    message = _("You have not linked an account.")


class UnknownCheck(NotFound):
    code = "unknown_check"
    message = _("There is no such check of ranks.")
