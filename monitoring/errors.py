from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from hazesite.api import first_of, flat_errors
from hazesite.errors import NotFound, Refused, Unfit


class DoesNotFit(Unfit):
    """What does not go together with the rest, or with what there is: by field."""

    @classmethod
    def by(cls, fields: Mapping[str, Sequence[object]]) -> DoesNotFit:
        reasons = {name: [str(reason) for reason in found] for name, found in fields.items()}
        return cls(first_of(reasons), fields=reasons)


def judge(form: serializers.Serializer[Any], group: str) -> dict[str, Any]:
    """What is given as `group`, whose shape another field decides. Raises `DoesNotFit`."""
    try:
        form.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        wrong = flat_errors(error.detail)
        fields = {group if name == "body" else f"{group}.{name}": found for name, found in wrong.items()}
        raise DoesNotFit.by(fields) from error
    return dict(form.validated_data)


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
