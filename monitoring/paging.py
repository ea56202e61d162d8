"""Pages by keyset for lists that are not sorted by a time and a number: each costs one range of an index."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any, TypeVar

import orjson
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from hazesite.api import DEFAULT_LIMIT, MAX_LIMIT
from monitoring.errors import NotValid

M = TypeVar("M", bound=Model)


class LongPageQuery(serializers.Serializer[dict[str, Any]]):
    """`?limit=` and `?cursor=`, which may hold a name."""

    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = serializers.RegexField(r"^[A-Za-z0-9_-]{1,900}$", required=False, default=None)


def page_by_name(rows: QuerySet[M], limit: int, cursor: str | None) -> tuple[list[M], str | None]:
    return page_by("name", rows, limit, cursor)


def page_by(column: str, rows: QuerySet[M], limit: int, cursor: str | None) -> tuple[list[M], str | None]:
    """In the order of a text, ties broken by key. Raises `NotValid` for a broken cursor."""
    rows = rows.order_by(column, "pk")
    if cursor:
        text, key = _place(cursor)
        after = Q(**{f"{column}__gt": text}) | Q(**{column: text, "pk__gt": key})
        rows = rows.filter(Q(**{f"{column}__gte": text}), after)
    found = list(rows[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], _packed([getattr(last, column), last.pk]) if last is not None else None


def page_by_time(rows: QuerySet[M], limit: int, cursor: str | None) -> tuple[list[M], str | None]:
    """The newest first, where no two have the same `at`. Raises `NotValid` for a broken cursor."""
    rows = rows.order_by("-at")
    if cursor:
        rows = rows.filter(at__lt=_moment(cursor))
    found: list[Any] = list(rows[: limit + 1])
    return found[:limit], _packed(found[limit - 1].at.isoformat()) if len(found) > limit else None


def _packed(place: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def _unpacked(cursor: str) -> Any:
    try:
        return orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _broken() from error


def _broken() -> NotValid:
    return NotValid.by({"cursor": [_("The cursor is not one of ours.")]})


def _place(cursor: str) -> tuple[str, int]:
    match _unpacked(cursor):
        case [str() as name, int() as key] if "\0" not in name and 0 <= key < 2**63:
            return name, key
    raise _broken()


def _moment(cursor: str) -> datetime:
    text = _unpacked(cursor)
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _broken()
    return found
