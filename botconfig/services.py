"""Reading and changing the bot's configuration, section by section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from botconfig.errors import SetByEnvironment, StaleVersion, UnknownSection
from botconfig.events import SectionChanged
from botconfig.models import Section
from botconfig.sections import SECTIONS, defaults, from_environment
from hazesite.errors import NotAllowed
from hazesite.events import publish


@dataclass(frozen=True)
class Reading:
    """A section as it is in force; `version` counts its changes."""

    values: dict[str, Any]
    version: int


def read_section(name: str) -> Reading:
    """Raises `UnknownSection`. One query."""
    _known(name)
    return _reading(name, Section.objects.filter(name=name).first())


def read_all() -> dict[str, Reading]:
    """Every section by its name. One query."""
    rows = {row.name: row for row in Section.objects.all()}
    return {name: _reading(name, rows.get(name)) for name in SECTIONS}


def change_section(name: str, given: object, actor: User, if_version: int | None = None) -> Reading:
    """Set the given fields and leave the others. All or nothing.

    Raises the framework's `ValidationError` for unknown keys and bad values, `SetByEnvironment`,
    `StaleVersion` when `if_version` is not the current one.
    """
    _may_change(name, actor)
    checked = _checked(name, given)
    for field, value in from_environment(name).items():
        if checked.get(field, value) != value:
            raise SetByEnvironment(field=field)
    return _store(name, checked, actor, if_version)


def reset_section(name: str, actor: User) -> Reading:
    """Back to the defaults: this section alone."""
    _may_change(name, actor)
    return _store(name, None, actor, None)


@transaction.atomic
def _store(name: str, changes: dict[str, Any] | None, actor: User, if_version: int | None) -> Reading:
    """`changes` None empties the section."""
    Section.objects.bulk_create([Section(name=name)], ignore_conflicts=True)
    row = Section.objects.select_for_update(no_key=True).get(name=name)
    if if_version is not None and if_version != row.version:
        raise StaleVersion(version=row.version)
    values = {} if changes is None else row.values | changes
    if values != row.values:
        row.values, row.version = values, row.version + 1
        row.changed_at, row.changed_by = timezone.now(), actor
        row.save()
        publish(SectionChanged(name, row.version, actor.pk))
    return _reading(name, row)


def _may_change(name: str, actor: User) -> None:
    _known(name)
    if not actor.is_admin:
        raise NotAllowed


def _known(name: str) -> None:
    if name not in SECTIONS:
        raise UnknownSection


def _checked(name: str, given: object) -> dict[str, Any]:
    form = SECTIONS[name](data=given, only=given if isinstance(given, dict) else ())
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _reading(name: str, row: Section | None) -> Reading:
    stored = row.values if row else {}
    values = {field: stored.get(field, default) for field, default in defaults(name).items()}
    return Reading(values | from_environment(name), row.version if row else 0)
