"""Taking over the configuration of the original bot: the JSON files that it keeps its changes in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from rest_framework.exceptions import ValidationError

from botconfig.errors import CannotBeCarriedOut, SetByEnvironment
from botconfig.sections import SECTIONS, fields_of
from botconfig.services import checked, import_section, read_section
from botconfig.stored import differences
from hazesite.api import flat_errors

Values = dict[str, Any]
MOST_BYTES = 5_000_000
FILES = {"tickets_config": "tickets", "ticket_config": "tickets"}
"""Files of the original that hold one section, by their name."""


class Unusable(Exception):
    """Nothing was taken over; one sentence for each reason."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__("\n".join(self.reasons))


@dataclass
class Findings:
    """What the files say: values by section, and what is none of ours, as `section.key`."""

    sections: dict[str, Values] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def take(self, section: str, given: Values) -> None:
        known = fields_of(section)
        self.unknown += [f"{section}.{key}" for key in given if key not in known]
        mine = {key: value for key, value in given.items() if key in known}
        self.sections[section] = self.sections.get(section, {}) | mine


def read_files(paths: Iterable[Path]) -> Findings:
    """A later file wins over an earlier one. Raises `Unusable`."""
    found = Findings()
    for path in paths:
        _take_file(found, path)
    return found


def _take_file(found: Findings, path: Path) -> None:
    given = _object(path)
    if alone := FILES.get(path.stem, path.stem if path.stem in SECTIONS else None):
        found.take(alone, _translated(alone, given))
        return
    for key, values in given.items():
        name = key.replace("-", "_")
        if name not in SECTIONS:
            found.unknown.append(key)
        elif not isinstance(values, dict):
            raise Unusable([f"{path.name}: {key} is not an object."])
        else:
            found.take(name, _translated(name, values))


def _object(path: Path) -> Values:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unusable([f"{path}: it is too large for a configuration."])
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Unusable([f"{path}: {error.strerror}."]) from error
    except (ValueError, RecursionError) as error:
        raise Unusable([f"{path}: it is not JSON."]) from error
    if not isinstance(given, dict):
        raise Unusable([f"{path}: it is not an object."])
    return given


def _translated(section: str, given: Values) -> Values:
    """What the original says otherwise. Its 0 is no channel or role; its guide is one category of ours."""
    if section in ("channels", "roles"):
        return {key: None if value in (0, "0", "") else value for key, value in given.items()}
    if section == "server_guide" and "fields" in given and "categories" not in given:
        return _guide(given)
    return given


def _guide(given: Values) -> Values:
    rest = {key: value for key, value in given.items() if key not in ("title", "fields")}
    category = {"title": given.get("title") or "Server guide", "fields": given["fields"]}
    return rest | {"categories": [category]}


def differing(found: Findings) -> dict[str, dict[str, dict[str, Any]]]:
    """`from` and `to` by section and field, of what taking over would change. Raises `Unusable`."""
    reasons: list[str] = []
    changes = {}
    for section, given in found.sections.items():
        try:
            changes[section] = differences(read_section(section).values, checked(section, given))
        except ValidationError as error:
            reasons += _reasons(section, flat_errors(error.detail))
    if reasons:
        raise Unusable(reasons)
    return changes


@transaction.atomic
def take_over(found: Findings) -> None:
    """All sections or none. Raises `Unusable`."""
    reasons: list[str] = []
    for section, given in found.sections.items():
        try:
            import_section(section, given)
        except CannotBeCarriedOut as refused:
            fields: Any = refused.details["fields"]
            reasons += _reasons(section, fields)
        except SetByEnvironment as refused:
            reasons.append(f"{section}.{refused.details['field']}: {refused}")
    if reasons:
        raise Unusable(reasons)


def rehearse(found: Findings) -> None:
    """Everything that `take_over` would refuse, and nothing stays. Raises `Unusable`."""
    with transaction.atomic():
        take_over(found)
        transaction.set_rollback(True)


def _reasons(section: str, fields: Mapping[str, Iterable[str]]) -> list[str]:
    return [f"{section}.{place}: {one}" for place, sentences in fields.items() for one in sentences]
