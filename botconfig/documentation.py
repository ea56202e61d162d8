"""`docs/configuration.md`: how the configuration is changed, and each field from its description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from botconfig.description import sections

PAGE = Path("docs") / "configuration.md"
JSON = dict[str, Any]


def page() -> str:
    described = {name: (one["help"], list(_rows(one["fields"]))) for name, one in sections().items()}
    return render_to_string("botconfig/configuration.md", {"sections": described})


def write_page() -> Path:
    path: Path = settings.BASE_DIR / PAGE
    path.write_text(page(), encoding="utf-8")
    return path


def _rows(fields: JSON, before: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Name, what it takes, default and meaning; those inside of an object or a list below it."""
    for name, field in fields.items():
        meaning = field["help"]
        if variable := field.get("variable"):
            meaning += f" Set by `{variable}` where the environment has it."
        default = "needed" if field.get("required") else f"`{_short(field['default'])}`"
        yield f"{before}{name}", _takes(field), default, meaning
        inner = _inside(field)
        if inner and not _are_days(inner):
            yield from _rows(inner, f"{before}{name}.")


def _inside(field: JSON) -> JSON:
    while "items" in field:
        field = field["items"]
    found: JSON = field.get("fields", {})
    return found


def _are_days(fields: JSON) -> bool:
    """Targets: the same four times over; the field says it."""
    return set(fields) == {"low", "normal", "high", "urgent"}


def _takes(field: JSON) -> str:
    kind = field["type"]
    if kind in ("list", "map"):
        most = f"at most {field['max_length']} of: " if "max_length" in field else "of: "
        return f"{kind}, {most}{_takes(field['items'])}"
    return ", ".join([_kind(field), *_limits(field)]) + (" or null" if field["nullable"] else "")


def _kind(field: JSON) -> str:
    if "choices" in field:
        return ", ".join(f"`{one}`" for one in field["choices"])
    return f"id of a {_referred(field)}" if "refers_to" in field else str(field["type"])


def _limits(field: JSON) -> Iterator[str]:
    if "minimum" in field:
        yield f"{_short(field['minimum'])} to {_short(field['maximum'])}"
    if "max_length" in field:
        yield f"up to {field['max_length']} characters"
    if "pattern" in field and "|" not in field["pattern"]:  # that would end the cell of the table
        yield f"`{field['pattern']}`"


def _referred(field: JSON) -> str:
    kinds = field.get("channel_kinds")
    return " or ".join(f"{kind} channel" for kind in kinds) if kinds else str(field["refers_to"])


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else "…"
