from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from hazesite.errors import Invalid, NotFound, Refused


class NotValid(Invalid):
    """What is wrong, by field."""

    @classmethod
    def by(cls, fields: Mapping[str, Sequence[object]]) -> NotValid:
        reasons = {name: [str(reason) for reason in found] for name, found in fields.items()}
        name, first = next(iter(reasons.items()))
        return cls(first[0] if name == "body" else f"{name}: {first[0]}", fields=reasons)


class TargetRefused(Refused):
    code = "address_refused"
    message = _(
        "This target is private, local, or not an address of the internet: it is not watched from here."
    )


class MonitorPaused(Refused):
    code = "monitor_paused"
    message = _("This monitor is paused. Resume it first.")


class UnknownPushToken(NotFound):
    message = _("There is no monitor of this token, or it is paused.")
