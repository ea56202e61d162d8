"""What is stored of a section, as it counts: a value that an older version left and that is not valid any
more does not; its field has its default then, and staff are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import structlog
from rest_framework.exceptions import ValidationError

from botconfig.sections import defaults, fields_of
from hazesite.api import flat_errors

logger = structlog.get_logger(__name__)


def whole(name: str, stored: Any) -> dict[str, Any]:
    """All fields: what is stored, valid or not, and the defaults of the others."""
    given = stored if isinstance(stored, dict) else {}
    return {field: given.get(field, default) for field, default in defaults(name).items()}


def in_force(name: str, stored: Any) -> dict[str, Any]:
    """All fields, each valid and complete: what a nested value lacks has its default too."""
    values, _wrong = _looked_at(name, stored)
    found: dict[str, Any] = json.loads(values)
    return defaults(name) | found


def broken(name: str, stored: Any) -> Mapping[str, str]:
    """Why a stored value does not count, by field."""
    return _looked_at(name, stored)[1]


def _looked_at(name: str, stored: Any) -> tuple[str, Mapping[str, str]]:
    return _checked(name, json.dumps(stored)) if stored else ("{}", {})


@lru_cache(maxsize=64)
def _checked(name: str, stored: str) -> tuple[str, Mapping[str, str]]:
    """Once for each state of a section. Text, so that no two readers share a list."""
    given, valid, wrong = json.loads(stored), {}, {}
    for field, described in fields_of(name).items():
        if not isinstance(given, dict) or field not in given:
            continue
        try:
            valid[field] = described.run_validation(given[field])
        except ValidationError as error:
            wrong[field] = _sentence(error)
            logger.error("configuration_broken", section=name, field=field, reason=wrong[field])
    return json.dumps(valid), wrong


def _sentence(error: ValidationError) -> str:
    place, sentences = next(iter(flat_errors(error.detail).items()))
    return sentences[0] if place == "body" else f"{place}: {sentences[0]}"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`from` and `to` of each field of `after` that is not as before."""
    return {
        field: {"from": before.get(field), "to": value}
        for field, value in after.items()
        if before.get(field) != value
    }
