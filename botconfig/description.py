"""The sections as data: what a form needs to draw itself, and a reader to understand a field."""

from __future__ import annotations

import inspect
from typing import Any

from django.core import validators
from rest_framework import serializers

from botconfig.fields import Snowflake
from botconfig.sections import SECTIONS, VARIABLES, fields_of, from_environment
from hazesite.fields import Strict

TYPES: dict[type, str] = {
    Snowflake: "id",
    serializers.BooleanField: "boolean",
    serializers.IntegerField: "integer",
    serializers.FloatField: "number",
    serializers.DateField: "date",
    serializers.ChoiceField: "choice",
    serializers.CharField: "string",
    serializers.ListSerializer: "list",
    serializers.ListField: "list",
    serializers.DictField: "map",
    serializers.Serializer: "object",
}
LIMITS = {
    "min_value": "minimum",
    "max_value": "maximum",
    "min_length": "min_length",
    "max_length": "max_length",
}
JSON = dict[str, Any]


def sections() -> JSON:
    """Each section with its fields, as `GET /api/config/schema` shows them."""
    return {name: section(name) for name in SECTIONS}


def section(name: str) -> JSON:
    fixed = from_environment(name)
    variables = VARIABLES.get(name, {})
    return {
        "help": inspect.getdoc(SECTIONS[name]) or "",
        "fields": {
            field: {
                **described(one),
                "default": one.default,
                "set_by_environment": field in fixed,
                **({"variable": variables[field]} if field in variables else {}),
            }
            for field, one in fields_of(name).items()
        },
    }


def described(field: Any) -> JSON:
    """`type`, `help`, `nullable` and limits; `items` of lists and maps, `fields` of objects."""
    found: JSON = {
        "type": type_of(field),
        "help": str(field.help_text or ""),
        "nullable": bool(getattr(field, "allow_null", False)),
    }
    for ours, shown in LIMITS.items():
        if (limit := getattr(field, ours, None)) is not None:
            found[shown] = limit
    return found | _particulars(field)


def type_of(field: Any) -> str:
    return next(name for kind, name in TYPES.items() if isinstance(field, kind))


def _particulars(field: Any) -> JSON:
    if isinstance(field, Snowflake):
        return _reference(field)
    if isinstance(field, serializers.ChoiceField):
        return {"choices": list(field.choices)}
    if isinstance(field, serializers.RegexField):
        return {"pattern": _pattern(field)}
    if isinstance(field, serializers.CharField):
        return {"blank": field.allow_blank}
    if isinstance(field, Strict):
        return {"fields": {name: _inner(one) for name, one in field.fields.items()}}
    child = getattr(field, "child", None)
    return {"items": described(child)} if child is not None else {}


def _inner(field: Any) -> JSON:
    needed = field.required
    return described(field) | ({"required": True} if needed else {"default": field.get_default()})


def _reference(field: Snowflake) -> JSON:
    wanted = field.wanted
    found: JSON = {"refers_to": wanted.what}
    if wanted.kinds:
        found["channel_kinds"] = list(wanted.kinds)
    return found | ({"given_by_bot": True} if wanted.given else {})


def _pattern(field: serializers.RegexField) -> str:
    found = (one for one in field.validators if isinstance(one, validators.RegexValidator))
    compiled: Any = next(found).regex
    return str(compiled.pattern).replace(r"\Z", "$")
