"""Fields the sections are described with. Each has a help text: it is part of the description."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from hazesite.fields import Flag, Strict, Text, Whole, unfit

LARGEST_ID = 9 * 10**18 - 1
WRITABLE = ("text", "news")


@dataclass(frozen=True)
class Wanted:
    """What an id has to be in the guild."""

    what: str
    """`channel` or `role`."""
    kinds: tuple[str, ...] = ()
    """Which kinds of channel."""
    room: bool = False
    """A category in which another channel fits."""
    given: bool = False
    """A role that the bot hands out."""


ID = r"^([1-9][0-9]{0,17}|[1-8][0-9]{18})$"


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string", "pattern": ID},
            {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID},
        ]
    }
)
class Snowflake(serializers.Field[str, Any, str, Any]):
    """A Discord id: a string in answers, a string or an integer in requests."""

    default_error_messages = {"invalid": _("A Discord id is a whole number, as a string or an integer.")}

    def __init__(self, *, wanted: Wanted, **options: Any) -> None:
        super().__init__(**options)
        self.wanted = wanted

    def to_internal_value(self, data: Any) -> str:
        text = str(data) if isinstance(data, (str, int)) and not isinstance(data, bool) else ""
        if not re.fullmatch(ID, text):
            self.fail("invalid")
        return text

    def to_representation(self, value: str) -> str:
        return value


class SnowflakeMap(serializers.DictField):
    """Names to Discord ids."""


def text(about: str, default: str, longest: int, **more: Any) -> Text:
    return Text(help_text=about, default=default, max_length=longest, **more)


def texts(about: str, default: list[str], longest: int, most: int = 50) -> serializers.ListField:
    child = Text(max_length=longest)
    return serializers.ListField(child=child, default=default, max_length=most, help_text=about)


def each_once(values: list[str]) -> None:
    if len(set(values)) < len(values):
        raise unfit(_("Each may be there once."))


def number(about: str, default: int, least: int, most: int) -> Whole:
    return Whole(help_text=about, default=default, min_value=least, max_value=most)


def flag(about: str, default: bool = False) -> Flag:
    return Flag(help_text=about, default=default)


def channel(about: str) -> Snowflake:
    """One the bot writes in; null: none."""
    return _optional(Wanted("channel", WRITABLE), about)


def category(about: str) -> Snowflake:
    return _optional(Wanted("channel", ("category",), room=True), about)


def role(about: str, *, given: bool = False) -> Snowflake:
    return _optional(Wanted("role", given=given), about)


def _optional(wanted: Wanted, about: str) -> Snowflake:
    return Snowflake(wanted=wanted, default=None, allow_null=True, help_text=about)


class SectionIn(Strict):
    """Whole when read. To change a part of it, `only` names the fields that are given."""

    def __init__(self, *args: Any, only: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if only is not None:
            for name, field in self.fields.items():
                if name not in only:
                    field.required, field.default = False, empty


def ids_in(field: Any, value: Any, path: str) -> Iterator[tuple[str, int, Wanted]]:
    """The Discord ids in a checked value, each with its place in it and what it has to be there."""
    if isinstance(field, Snowflake):
        if value is not None:
            yield path, int(value), field.wanted
    elif isinstance(getattr(field, "child", None), Snowflake):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inner:
            yield from ids_in(field.child, one, f"{path}.{key}")


def holds_ids(field: Any) -> bool:
    return isinstance(field, Snowflake) or isinstance(getattr(field, "child", None), Snowflake)
