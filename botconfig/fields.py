"""Fields the sections are described with."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from hazesite.fields import Strict, Text, Whole


@extend_schema_field({"type": "string", "pattern": r"^[1-9]\d{0,18}$", "nullable": True})
class Snowflake(serializers.Field[str, Any, str, Any]):
    """A Discord id: a string in answers, a string or an integer in requests."""

    default_error_messages = {"invalid": _("A Discord id is a whole number, as a string or an integer.")}

    def to_internal_value(self, data: Any) -> str:
        text = str(data) if isinstance(data, (str, int)) and not isinstance(data, bool) else ""
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
            self.fail("invalid")
        return str(int(text))

    def to_representation(self, value: str) -> str:
        return value


class SnowflakeMap(serializers.DictField):
    """Names to Discord ids."""

    child = Snowflake()


def text(default: str, longest: int, **more: Any) -> Text:
    return Text(default=default, max_length=longest, **more)


def texts(default: list[str], longest: int, most: int = 50) -> serializers.ListField:
    child = Text(max_length=longest)
    return serializers.ListField(child=child, default=default, max_length=most)


def each_once(values: list[str]) -> None:
    if len(set(values)) < len(values):
        raise serializers.ValidationError(_("Each may be there once."))


def number(default: int, least: int, most: int) -> Whole:
    return Whole(default=default, min_value=least, max_value=most)


def discord_id() -> Snowflake:
    return Snowflake(default=None, allow_null=True)


class SectionIn(Strict):
    """Whole when read. To change a part of it, `only` names the fields that are given."""

    def __init__(self, *args: Any, only: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if only is not None:
            for name, field in self.fields.items():
                if name not in only:
                    field.required, field.default = False, empty
