"""`openapi.yaml`, and the table of its calls in `docs/API_DOCUMENTATION.md`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

DOCUMENT = Path("openapi.yaml")
PAGE = Path("docs") / "API_DOCUMENTATION.md"
BEGIN, END = "<!-- calls: `make openapi` writes them -->\n", "<!-- end of the calls -->\n"
HEAD = "\n| call | for | answers | |\n|---|---|---|---|\n"


def described() -> dict[str, Any]:
    """The document as data, in English."""
    with translation.override("en"):
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def document() -> str:
    """What `openapi.yaml` has to be."""
    written: bytes = OpenApiYamlRenderer().render(described(), renderer_context={})  # type: ignore[no-untyped-call]
    return written.decode()


def page() -> str:
    """The page, its text as it is and its table as it has to be."""
    before, _begin, rest = (settings.BASE_DIR / PAGE).read_text(encoding="utf-8").partition(BEGIN)
    _table, _end, after = rest.partition(END)
    return f"{before}{BEGIN}{''.join(_tables(described()))}\n{END}{after}"


def write() -> list[Path]:
    """Both, made anew."""
    made = {DOCUMENT: document(), PAGE: page()}
    for path, text in made.items():
        (settings.BASE_DIR / path).write_text(text, encoding="utf-8")
    return list(made)


def calls(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Tag, method with path, and operation of every call, those of a tag together."""
    found = [
        (operation["tags"][0], f"{method.upper()} {path}", operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return sorted(found, key=lambda call: call[0])


def _tables(described: dict[str, Any]) -> Iterator[str]:
    for tag, group in groupby(calls(described), lambda call: call[0]):
        yield f"\n### {tag}\n{HEAD}"
        for _tag, call, operation in group:
            statuses = " ".join(sorted(operation["responses"]))
            yield f"| `{call}` | {operation['x-for']} | {statuses} | {operation['summary']} |\n"
