"""Pages by keyset for lists that are not sorted by a time and a number: each costs one range of an index.

Whatever has the shape of a cursor is a place in the list, also one that nobody was given.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from hazesite.api import DEFAULT_LIMIT, EPOCH, MAX_LIMIT
from hazesite.errors import Invalid
from hazesite.fields import Asked, Shaped

M = TypeVar("M", bound=Model)
BY_TEXT = r"^[0-9]{1,18}-(?:[A-Za-z0-9_-]{4}){0,200}(?:[A-Za-z0-9_-]{2,3})?\Z"
"""A row's primary key and its text as base64 without padding."""
BY_TIME = r"^[0-9]{1,17}\Z"
"""A row's microseconds since 1970."""
CURSOR: dict[str, Any] = {
    "required": False,
    "default": None,
    "help_text": "The `next_cursor` of the page before.",
}


class LongPageQuery(serializers.Serializer[dict[str, Any]]):
    """`?limit=` and `?cursor=`, which may hold a name."""

    limit = Asked(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = Shaped(BY_TEXT, **CURSOR)


class TimePageQuery(serializers.Serializer[dict[str, Any]]):
    """`?limit=` and `?cursor=`, which is a time."""

    limit = Asked(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = Shaped(BY_TIME, **CURSOR)


def page_by_name(rows: QuerySet[M], limit: int, cursor: str | None) -> tuple[list[M], str | None]:
    return page_by("name", rows, limit, cursor)


def page_by(column: str, rows: QuerySet[M], limit: int, cursor: str | None) -> tuple[list[M], str | None]:
    """In the order of a text, ties broken by key. Raises `Invalid` for a broken cursor."""
    rows = rows.order_by(column, "pk")
    if cursor:
        text, key = _place(cursor)
        after = Q(**{f"{column}__gt": text}) | Q(**{column: text, "pk__gt": key})
        rows = rows.filter(Q(**{f"{column}__gte": text}), after)
    found = list(rows[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], _text_cursor(getattr(last, column), last.pk) if last is not None else None


def page_by_time(rows: QuerySet[M], limit: int, cursor: str | None) -> tuple[list[M], str | None]:
    """The newest first, where no two have the same `at`. Raises `Invalid` for a broken cursor."""
    rows = rows.order_by("-at")
    if cursor:
        rows = rows.filter(at__lt=_moment(cursor))
    found: list[Any] = list(rows[: limit + 1])
    return found[:limit], _time_cursor(found[limit - 1].at) if len(found) > limit else None


def _text_cursor(text: str, key: int) -> str:
    return f"{key}-{urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def _place(cursor: str) -> tuple[str, int]:
    _require(BY_TEXT, cursor)
    key, _dash, packed = cursor.partition("-")
    text = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode(errors="replace")
    return text.replace("\0", "\ufffd"), int(key)


def _time_cursor(at: datetime) -> str:
    return str((at - EPOCH) // timedelta(microseconds=1))


def _moment(cursor: str) -> datetime:
    _require(BY_TIME, cursor)
    return EPOCH + timedelta(microseconds=int(cursor))


def _require(shape: str, cursor: str) -> None:
    if not re.match(shape, cursor):
        raise Invalid(fields={"cursor": [_("The cursor is not one of ours.")]})
