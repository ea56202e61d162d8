"""Monitors by what people call them: no form lists thousands of them. `#12` is the one with this number."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from monitoring.models import Monitor

SUGGESTED = 20


def keys_of(names: Collection[str]) -> dict[str, int]:
    """Raises `ValidationError` for what is no monitor, or more than one. Two queries."""
    found = _by_number(names)
    twice: list[str] = []
    for name, key in Monitor.objects.filter(name__in=set(names) - found.keys()).values_list("name", "pk"):
        if name in found:
            twice.append(f"{name} (#{found[name]}, #{key})")
        found[name] = key
    wrong = [_("There is no monitor “%(name)s”.") % {"name": name} for name in names if name not in found]
    wrong += [
        _("Several monitors are called so; give the number: %(name)s") % {"name": name} for name in twice
    ]
    if wrong:
        raise ValidationError(wrong)
    return found


def _by_number(names: Collection[str]) -> dict[str, int]:
    numbers = {name: int(name[1:]) for name in names if _is_number(name)}
    known = set(Monitor.objects.filter(pk__in=numbers.values()).values_list("pk", flat=True))
    return {name: key for name, key in numbers.items() if key in known}


def _is_number(name: str) -> bool:
    return name.startswith("#") and name[1:].isascii() and name[1:].isdigit() and len(name) < 19


def names_of(keys: Iterable[int]) -> list[str]:
    """In this order; where a name stands for several, or reads as something else, the number. Two queries."""
    wanted = list(keys)
    names = dict(Monitor.objects.filter(pk__in=wanted).values_list("pk", "name"))
    others = Monitor.objects.filter(name__in=names.values()).exclude(pk__in=wanted)
    shared = set(others.values_list("name", flat=True))
    seen = list(names.values())
    return [
        f"#{key}"
        if names[key] in shared or seen.count(names[key]) > 1 or _misleads(names[key])
        else names[key]
        for key in wanted
        if key in names
    ]


def _misleads(name: str) -> bool:
    """Another one's number, or what a status page's line has between its parts."""
    return _is_number(name) or "|" in name


def suggestions(beginning: str) -> list[str]:
    rows = Monitor.objects.filter(name__icontains=beginning.replace("\0", "")).order_by("name")
    return list(dict.fromkeys(rows.values_list("name", flat=True)[:SUGGESTED]))
