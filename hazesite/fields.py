"""Fields of request bodies that take what they say and coerce nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.validators import ProhibitSurrogateCharactersValidator

NUMBER = r"-?[0-9]{1,20}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?"
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[-+][0-9]{2}:[0-9]{2})"
)
UNFIT = "unfit"
"""The code of what is well-formed and yet does not fit: it is answered with 409 and not with 400."""
OPTIONAL: dict[str, Any] = {"required": False, "default": "", "allow_blank": True, "allow_null": True}
"""A text that may be left out, empty or null, which is all the same."""


def unfit(sentence: str | Promise, field: str = "") -> serializers.ValidationError:
    """To be raised by a validator for what the API's document cannot forbid; see `hazesite.errors.Unfit`."""
    problem = [ErrorDetail(str(sentence), UNFIT)]
    return serializers.ValidationError({field: problem} if field else problem)


class NoSurrogates(ProhibitSurrogateCharactersValidator):
    """The framework's looks at each character in turn; here only where there is one to be named."""

    def __call__(self, value: Any) -> None:
        try:
            str(value).encode()
        except UnicodeEncodeError:
            super().__call__(value)


class Text(serializers.CharField):
    """A string with something in it, kept as it was written (no trimming). No NUL, no lone surrogates."""

    pattern = ""
    """What else it must look like."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)
        others = [one for one in self.validators if not isinstance(one, ProhibitSurrogateCharactersValidator)]
        self.validators = [*others, NoSurrogates()]

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not data.strip() and not self.allow_blank:
            self.fail("blank")
        if self.pattern and data and not re.search(self.pattern, data):
            self.fail("invalid")
        return super().to_internal_value(data)


class Shaped(serializers.RegexField):
    """A string of a pattern, kept as it was written."""

    def __init__(self, regex: str | re.Pattern[str], **options: Any) -> None:
        super().__init__(regex, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number, written as one."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Number(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if not isinstance(data, (int, float)) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Asked(serializers.IntegerField):
    """A whole number in an address: digits alone."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,19}", str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class AskedDay(serializers.DateField):
    """A day in an address, as 2026-02-28 and in no other of the ways in which ISO 8601 writes it."""

    def to_internal_value(self, data: Any) -> date:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(data)):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


class AskedFlag(serializers.BooleanField):
    """`true` or `false` in an address."""

    def to_internal_value(self, data: Any) -> bool:
        if str(data).lower() not in ("true", "false"):
            self.fail("invalid", input=data)
        return str(data).lower() == "true"


class AskedNumber(serializers.FloatField):
    """A number in an address, or one that is written as one."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not re.fullmatch(NUMBER, str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class Moment(serializers.DateTimeField):
    """A time with its offset, as RFC 3339 has it."""

    def to_internal_value(self, value: Any) -> Any:
        if not (isinstance(value, str) and RFC_3339.fullmatch(value)):
            self.fail("invalid", format="RFC 3339")
        try:
            return super().to_internal_value(value)
        except serializers.ValidationError as error:
            if error.get_codes() == ["overflow"]:
                raise unfit(self.error_messages["overflow"]) from error
            raise


class Nonce(Text):
    """What makes a repeated request the same request: chosen by the client, unique for ever."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=128, **(OPTIONAL | options))


class Strict(serializers.Serializer[dict[str, Any]]):
    """Refuses keys it does not know, at every depth."""

    unknown_key: str | Promise = _("There is no such field.")
    at_times: Sequence[str] = ()
    """What an answer does not always hold."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := [str(key) for key in data if key not in self.fields]):
            raise serializers.ValidationError({key: [str(self.unknown_key)] for key in unknown})
        return super().to_internal_value(data)

    def missing(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What is needed beside what is given, by field. `lacking` says the same in the document."""
        return {}

    def lacking(self) -> list[dict[str, Any]]:
        """Schemas of what is refused for the want of something."""
        return []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if wrong := self.missing(attrs):
            raise serializers.ValidationError(wrong)
        return attrs


class Changes(Strict):
    """To stand before another: the same fields, of which none is needed."""

    def missing(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {}

    def lacking(self) -> list[dict[str, Any]]:
        return []

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields
