"""What the OpenAPI document says of our own fields: all that is refused with a 400, and nothing less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension, OpenApiSerializerFieldExtension

ANYTHING = r"^[^\u0000]*$"
SPACE = r"\s\u001c-\u001f\u0085"
"""What Python takes for white space is more than what `\\s` is elsewhere."""
SOMETHING = rf"^[{SPACE}]*[^{SPACE}\u0000][^\u0000]*$"
"""No NUL, and not only white space."""


class TextShape(OpenApiSerializerFieldExtension):
    target_class = "hazesite.fields.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        field = self.target
        pattern = field.pattern or (ANYTHING if field.allow_blank else SOMETHING)
        shape = {"type": "string", "pattern": pattern.replace(r"\Z", "$")}
        limits = {"minLength": field.min_length, "maxLength": field.max_length}
        if not field.allow_blank:
            limits["minLength"] = limits["minLength"] or 1
        return shape | {name: limit for name, limit in limits.items() if limit is not None}


class StrictShape(OpenApiSerializerExtension):
    """Unknown keys are refused."""

    target_class = "hazesite.fields.Strict"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        shape: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        if direction == "request":
            lacking = self.target.lacking()
            refused = {"not": {"anyOf": lacking}} if lacking else {}
            return shape | {"additionalProperties": False} | refused
        always = shape["properties"].keys() - set(self.target.at_times)
        return shape | {"required": sorted(always)}  # given whole, and defaults are for input


def lacks(types: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Of one of these types, and without what is given: for the `not` of a schema."""
    return {"required": ["type"], "properties": {"type": {"enum": list(types)}}, "not": given}
