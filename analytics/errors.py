from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hazesite.errors import Invalid, Refused, Unfit


class ForgottenAlready(Refused):
    code = "forgotten_already"
    message = _("The single uses of that day are not kept any more; its figures stay as they are.")


class BadRange(Unfit):
    code = "bad_range"
    message = _("There is no such range of days.")


class UnknownFeature(Invalid):
    code = "unknown_feature"
    message = _("There is no such feature.")


class NotConfirmed(Refused):
    code = "not_confirmed"
    message = _("Type the words that confirm it.")
