from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from hazesite.errors import NotFound, Refused

if TYPE_CHECKING:
    from botconfig.dry_run import Problem


class UnknownSection(NotFound):
    code = "unknown_section"
    message = _("There is no section of that name.")


class SetByEnvironment(Refused):
    code = "set_by_environment"
    message = _("This is set in the server's environment and can only be changed there.")


class StaleVersion(Refused):
    status = 412
    code = "stale_version"
    message = _("Somebody else changed this meanwhile. Read it again and repeat your change.")


class UnknownCog(Refused):
    status = 404
    code = "unknown_cog"
    message = _("There is no cog of that name.")


class CogFailed(Refused):
    code = "cog_failed"
    message = _("The cog failed to load.")


class CogAlreadyLoaded(Refused):
    code = "cog_already_loaded"
    message = _("This cog is loaded already.")


class CogNotLoaded(Refused):
    code = "cog_not_loaded"
    message = _("This cog is not loaded.")


class BotOffline(Refused):
    status = 503
    code = "bot_offline"
    message = _("The bot is not connected to Discord right now.")


class BotSlow(Refused):
    status = 503
    code = "bot_slow"
    message = _("The bot has not answered in time. What was asked may still happen.")


class UnknownVersion(NotFound):
    code = "unknown_version"
    message = _("There is no version of that number.")


class VersionNotValid(Refused):
    code = "version_not_valid"
    message = _("What was set then is not valid any more.")


class CannotBeCarriedOut(Refused):
    """`fields` has the reasons by field; `reasons` the same for programs."""

    code = "cannot_be_carried_out"
    message = _("The bot could not carry this out.")

    @classmethod
    def by(cls, problems: Sequence[Problem]) -> CannotBeCarriedOut:
        first = problems[0]
        reasons: dict[str, list[str]] = {}
        for problem in problems:
            reasons.setdefault(problem.field, []).append(problem.reason)
        codes = {problem.field: problem.code for problem in problems}
        return cls(f"{first.field}: {first.reason}", fields=reasons, reasons=codes)

    @property
    def codes(self) -> list[str]:
        found: Any = self.details.get("reasons", {})
        return list(found.values())
