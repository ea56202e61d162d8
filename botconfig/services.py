"""Reading and changing the bot's configuration, section by section."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from accounts.models import User
from botconfig import verification, warm
from botconfig.dry_run import NOT_THERE, guild_in_sight, problems_of
from botconfig.errors import (
    CannotBeCarriedOut,
    SetByEnvironment,
    StaleVersion,
    UnknownSection,
    UnknownVersion,
    VersionNotValid,
)
from botconfig.events import SectionChanged
from botconfig.models import Section, SectionVersion
from botconfig.sections import SECTIONS, fields_of, from_environment, names_ids
from botconfig.stored import differences, in_force, whole
from hazesite.api import Keyset, flat_errors
from hazesite.errors import NotAllowed
from hazesite.events import publish

Values = dict[str, Any]
Reason = SectionVersion.Reason
HEARD_WITHIN_SECONDS = 0.5
"""How long the rows of the guild may take to hear of a channel or role that was just made."""


@dataclass(frozen=True)
class Reading:
    """A section as it is in force; `version` counts its changes, `state` is one of `verification`."""

    values: Values
    version: int
    state: str = verification.VERIFIED


@dataclass(frozen=True)
class Change:
    """What becomes of what is stored, and what its history says of it."""

    make: Callable[[Values], Values]
    actor: User | None = None
    reason: str = Reason.CHANGE
    restored: int | None = None
    if_version: int | None = None
    checks: bool = True
    """Whether the guild is looked at: the bot itself knows it better."""


# --- reading -----------------------------------------------------------------
def read_section(name: str) -> Reading:
    """Raises `UnknownSection`. One query."""
    _known(name)
    return _reading(name, Section.objects.filter(name=name).first())


def read_all() -> dict[str, Reading]:
    """Every section by its name. No query while a copy is warm, else one."""
    rows = warm.rows(_stored)
    return {name: _made(name, *rows.get(name, ({}, 0))) for name in SECTIONS}


def _stored() -> warm.Rows:
    return {row.name: (row.values, row.version) for row in Section.objects.all()}


def versions() -> dict[str, int]:
    """How often each section was changed. One query."""
    return dict(Section.objects.values_list("name", "version"))


def history(name: str, limit: int, cursor: str | None) -> tuple[list[SectionVersion], str | None]:
    """The versions of a section, newest first, with who made them. Raises `UnknownSection`, `Invalid`."""
    _known(name)
    versions = SectionVersion.objects.filter(section=name).select_related("by")
    return Keyset(versions, "at").page(limit, cursor)


def read_verification(name: str) -> Values:
    """See `verification.verification`. Raises `UnknownSection`. One query."""
    _known(name)
    return verification.verification(name, Section.objects.filter(name=name).first())


# --- changing ----------------------------------------------------------------
def change_section(name: str, given: object, actor: User, if_version: int | None = None) -> Reading:
    """Set the given fields and leave the others. All or nothing.

    Raises the framework's `ValidationError` for unknown keys and bad values, `SetByEnvironment`,
    `CannotBeCarriedOut` for what the guild does not allow, `StaleVersion` when `if_version` is not the
    current one.
    """
    _may_change(name, actor)
    changes = checked(name, given)
    _refuse_what_the_environment_sets(name, changes)
    return _store_or_wait(name, Change(_with(changes), actor, if_version=if_version))


def import_section(name: str, given: Values) -> Reading:
    """As `change_section`, by nobody in particular."""
    _known(name)
    return _store(name, Change(_with(checked(name, given)), reason=Reason.IMPORT))


def set_by_bot(name: str, values: Values) -> Reading:
    """What the bot made itself, such as its category for tickets. Raises as `change_section`."""
    return _store(name, Change(_with(checked(name, values)), reason=Reason.BOT, checks=False))


def reset_section(name: str, actor: User, if_version: int | None = None) -> Reading:
    """Back to the defaults: this section alone. Raises `StaleVersion`."""
    _may_change(name, actor)
    return _store(name, Change(lambda _stored: {}, actor, Reason.RESET, if_version=if_version))


def roll_back(name: str, version: int, actor: User, if_version: int | None = None) -> Reading:
    """Back to what an earlier version set; 0: to the defaults. A version of its own.

    Raises `UnknownVersion`, `VersionNotValid` for values that are none any more, and as `change_section`.
    """
    _may_change(name, actor)
    values = _set_then(name, version)
    return _store_or_wait(name, Change(lambda _stored: values, actor, Reason.ROLLBACK, version, if_version))


def _set_then(name: str, version: int) -> Values:
    if version == 0:
        return {}
    then = SectionVersion.objects.filter(section=name, version=version).first()
    if then is None:
        raise UnknownVersion
    values = {key: value for key, value in dict(then.values).items() if key in fields_of(name)}
    try:
        return checked(name, values)
    except ValidationError as error:
        raise VersionNotValid(fields=flat_errors(error.detail)) from error


def checked(name: str, given: object) -> Values:
    """The given fields, as they are stored. Raises the framework's `ValidationError`."""
    form = SECTIONS[name](data=given, only=given if isinstance(given, dict) else ())
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _with(changes: Values) -> Callable[[Values], Values]:
    return lambda stored: stored | changes


def _store_or_wait(name: str, change: Change) -> Reading:
    """Somebody may name a channel that they just made: it is looked for once more."""
    try:
        return _store(name, change)
    except CannotBeCarriedOut as refused:
        if is_inside() or not set(refused.codes) & set(NOT_THERE):
            raise
    time.sleep(HEARD_WITHIN_SECONDS)
    return _store(name, change)


def is_inside() -> bool:
    """Whether a transaction goes on around it: nobody may wait there."""
    return bool(transaction.get_connection().in_atomic_block)


@transaction.atomic
def _store(name: str, change: Change) -> Reading:
    Section.objects.bulk_create([Section(name=name)], ignore_conflicts=True)
    row = Section.objects.select_for_update(no_key=True).get(name=name)
    if change.if_version is not None and change.if_version != row.version:
        raise StaleVersion(version=row.version)
    stored = row.values if isinstance(row.values, dict) else {}
    values = change.make(stored)
    changes = differences(whole(name, row.values), whole(name, values))
    if changes:
        _refuse_what_the_environment_sets(name, {key: values[key] for key in changes if key in values})
        row.values, row.version = values, row.version + 1
        # The clock may be set back; the order of versions stays that of their times.
        row.changed_at, row.changed_by = max(timezone.now(), row.changed_at), change.actor
        _look_at_guild(row, changes, change)
        row.save()
        _remember(row, changes, change)
    return _reading(name, row)


def _refuse_what_the_environment_sets(name: str, values: Values) -> None:
    for key, fixed in from_environment(name).items():
        if values.get(key, fixed) != fixed:
            raise SetByEnvironment(field=key)


def _look_at_guild(row: Section, changes: Mapping[str, Any], change: Change) -> None:
    """Raises `CannotBeCarriedOut` for what changes; what was wrong before stays and is noted."""
    if not names_ids(row.name):
        return
    seen = guild_in_sight()
    values = in_force(row.name, row.values) | from_environment(row.name)
    found = problems_of(row.name, values, seen)
    new = [problem for problem in found if problem.of in changes]
    if new and change.checks:
        raise CannotBeCarriedOut.by(new)
    verification.note(row, seen, found)


def _remember(row: Section, changes: Values, change: Change) -> None:
    SectionVersion.objects.create(
        section=row.name,
        version=row.version,
        at=row.changed_at,
        by=change.actor,
        reason=change.reason,
        restored=change.restored,
        values=row.values,
        changes=changes,
    )
    warm.forget()
    actor = change.actor.pk if change.actor else None
    publish(SectionChanged(row.name, row.version, actor, str(change.reason), changes))


def _may_change(name: str, actor: User) -> None:
    _known(name)
    if not actor.is_admin:
        raise NotAllowed


def _known(name: str) -> None:
    if name not in SECTIONS:
        raise UnknownSection


def _reading(name: str, row: Section | None) -> Reading:
    made = _made(name, row.values if row else {}, row.version if row else 0)
    return Reading(made.values, made.version, verification.state_of(name, row))


def _made(name: str, stored: Any, version: int) -> Reading:
    return Reading(in_force(name, stored) | from_environment(name), version)
