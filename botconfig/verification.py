"""Whether the bot can carry out what is configured, as it was found when the guild was looked at last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from botconfig.dry_run import GuildSeen, Problem, guild_as_rows, problems_of
from botconfig.models import Section
from botconfig.sections import SECTIONS, from_environment, names_ids
from botconfig.stored import broken, in_force

logger = structlog.get_logger(__name__)
VERIFIED, UNVERIFIED, FAILED = "verified", "unverified", "failed"
CHECKED = [name for name in SECTIONS if names_ids(name)]
"""The sections that say something about the guild; of the others there is nothing to verify."""


def verification(name: str, row: Section | None) -> dict[str, Any]:
    """`state`, `version`, `checked_at` and `problems` (`field`, `code`, `reason`) of a section.

    A stored value that is not valid any more is a problem too: its field has its default meanwhile.
    """
    wrong = broken(name, row.values) if row else {}
    problems = [{"field": field, "code": "not_valid", "reason": reason} for field, reason in wrong.items()]
    problems += (row.problems or []) if row else []
    return {
        "state": FAILED if problems else state_of(name, row),
        "version": row.version if row else 0,
        "checked_at": row.checked_at if row else None,
        "problems": problems,
    }


def state_of(name: str, row: Section | None) -> str:
    """What a section names nobody compared with the guild yet, or has been."""
    if name not in CHECKED or not (row and (row.version or row.checked_at)):
        return VERIFIED
    if row.problems:
        return FAILED
    return VERIFIED if row.checked_version == row.version else UNVERIFIED


def note(row: Section, seen: GuildSeen | None, problems: Sequence[Problem]) -> None:
    """On a row that is about to be saved: what was found, or that nobody could look."""
    row.problems = [problem.shown() for problem in problems]
    if seen is not None:
        row.checked_version, row.checked_at = row.version, timezone.now()


@transaction.atomic
def look_again() -> None:
    """Compare what is configured with the guild as rows: the bot is back, or something there changed.

    What fails is logged once, and stands at the section until it does not fail any more.
    """
    seen = guild_as_rows()
    if seen is None:
        return
    Section.objects.bulk_create([Section(name=name) for name in CHECKED], ignore_conflicts=True)
    for row in Section.objects.select_for_update(no_key=True).filter(name__in=CHECKED).order_by("name"):
        values = in_force(row.name, row.values) | from_environment(row.name)
        _keep(row, [problem.shown() for problem in problems_of(row.name, values, seen)])


def _keep(row: Section, problems: list[dict[str, str]]) -> None:
    if row.checked_version == row.version and (row.problems or []) == problems:
        return
    known = row.problems or []
    row.problems, row.checked_version, row.checked_at = problems, row.version, timezone.now()
    row.save(update_fields=["problems", "checked_version", "checked_at"])
    for problem in problems:
        if problem not in known:
            logger.warning("configuration_not_carried_out", section=row.name, **problem)


def is_unverified() -> bool:
    """Whether something was changed that nobody has compared with the guild yet. One query."""
    unseen = Q(checked_version=None) | ~Q(checked_version=F("version"))
    return Section.objects.filter(unseen, name__in=CHECKED, version__gt=0).exists()
