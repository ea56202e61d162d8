"""Small judgements on what admins give, which the services here share.

The API's document forbids most of it before: what comes so far comes from pages and files, or does not fit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hazesite.errors import Unfit


def needs(condition: object, message: str | Promise, *, field: str) -> None:
    if not condition:
        raise Unfit(fields={field: [message]})


def unknown_keys(given: Mapping[str, Any], known: Collection[str], *, field: str = "") -> None:
    for name in given:
        needs(name in known, _("Unknown: %(name)s") % {"name": name}, field=f"{field}{name}")


def text_of(row: models.Model, field: str, length: int, *, empty: bool = False) -> None:
    """Strips it in its place."""
    value = getattr(row, field)
    needs(isinstance(value, str), _("It must be a text."), field=field)
    value = value.strip()
    needs(empty or value, _("It must not be empty."), field=field)
    needs(len(value) <= length, _("At most %(count)s characters.") % {"count": length}, field=field)
    setattr(row, field, value)


def whole(value: object, least: int, most: int, *, field: str) -> None:
    right = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    needs(
        right, _("A whole number from %(least)s to %(most)s.") % {"least": least, "most": most}, field=field
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def known_zone(name: object) -> None:
    needs(name in _zones(), _("There is no such time zone."), field="time_zone")
