"""How the OpenAPI document shows the sections: reading and changing each has a shape of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from botconfig.sections import SECTIONS
from hazesite.schema import Operation

ANY = "/api/config/{section}"
Endpoint = tuple[str, str, str, Any]
AnySection = {"anyOf": [{"$ref": f"#/components/schemas/{one.__name__}"} for one in SECTIONS.values()]}
"""What is answered where a call is not shown for each section by itself."""


def each_section(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """A hook of drf-spectacular: eight paths in the place of the one that takes a section's name."""
    return list(_spread(endpoints))


def _spread(endpoints: Iterable[Endpoint]) -> Iterator[Endpoint]:
    for path, pattern, method, view in endpoints:
        for name in SECTIONS if path == ANY else ["{section}"]:
            yield path.replace("{section}", name), pattern, method, view


class SectionOperation(Operation):
    """Of a call that is shown for each section by itself."""

    def _get_request_for_media_type(self, serializer: Any, direction: Any = "request") -> Any:
        own = self._own(serializer)
        given = own(only=()) if own in SECTIONS.values() else own  # only what is to be changed
        return super()._get_request_for_media_type(given, direction)

    def _get_response_for_code(self, serializer: Any, status_code: str, *more: Any, **options: Any) -> Any:
        return super()._get_response_for_code(self._own(serializer), status_code, *more, **options)

    def _own(self, serializer: Any) -> Any:
        name = self.path.rpartition("/")[2]
        return SECTIONS.get(name, serializer) if serializer is AnySection else serializer
