"""What each type of monitor needs, as far as its settings go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from hazesite.api import flat_errors
from hazesite.fields import Flag, Strict, Text, Whole
from monitoring.errors import NotValid
from monitoring.settings_fields import Host

COMPARISONS = ("==", "!=", ">", ">=", "<", "<=", "contains")
RECORDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")


class Nothing(Strict):
    pass


class OfWeb(Strict):
    max_redirects = Whole(min_value=0, max_value=10, required=False)
    ignore_certificate = Flag(required=False)
    certificate_days = Whole(min_value=1, max_value=365, required=False)


class OfKeyword(OfWeb):
    invert = Flag(required=False, help_text="Up while the text is not there.")


class OfJson(OfWeb):
    path = Text(max_length=500, help_text="Of the value: `checks.memory.status`.")
    comparison = serializers.ChoiceField(COMPARISONS, required=False)
    expected = serializers.JSONField()

    def validate_expected(self, value: Any) -> Any:
        if isinstance(value, (dict, list)):
            raise serializers.ValidationError(_("It must be a text, a number, true, false or null."))
        return value


class OfDns(Strict):
    record = serializers.ChoiceField(RECORDS, required=False)
    server = Host(max_length=255, required=False)
    expected = Text(max_length=500, required=False)


class OfTls(Strict):
    certificate_days = Whole(min_value=1, max_value=365, required=False)


@dataclass(frozen=True)
class Kind:
    needs: Sequence[str] = ()
    options: type[Strict] = Nothing
    connects: bool = True
    """Whether engines connect to its `host`."""
    usual_port: int = 0


KINDS: Mapping[str, Kind] = {
    "http": Kind(("url",), OfWeb),
    "keyword": Kind(("url", "expected_text"), OfKeyword),
    "json": Kind(("url",), OfJson),
    "ping": Kind(("host",)),
    "port": Kind(("host", "port")),
    "dns": Kind(("host",), OfDns, connects=False),
    "tls": Kind(("host",), OfTls, usual_port=443),
    "push": Kind(),
    "socketio": Kind(("url",)),
    "discord_bot": Kind(),
}


def names() -> list[str]:
    return list(KINDS)


def needs(name: str) -> Sequence[str]:
    return KINDS[name].needs


def connects(name: str) -> bool:
    return KINDS[name].connects


def usual_port(name: str) -> int:
    return KINDS[name].usual_port


def checked_options(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Raises `NotValid`."""
    form = KINDS[name].options(data=given)
    try:
        form.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        fields = {
            "options" if field == "body" else f"options.{field}": reasons
            for field, reasons in flat_errors(error.detail).items()
        }
        raise NotValid.by(fields) from error
    return dict(form.validated_data)
