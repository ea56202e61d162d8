"""Fields the sections are described with."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


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
