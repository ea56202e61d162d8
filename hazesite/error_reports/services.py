from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from hazesite.alerts import alert_staff, desk_page
from hazesite.error_reports.models import ErrorReport
from hazesite.error_reports.sightings import Sighting
from hazesite.housekeeping import chore

KEEP = timedelta(days=90)
MAX_ROWS = 1000
"""Beyond this, what was not seen for longest makes room."""

New, Resolved, Ignored = ErrorReport.State.NEW, ErrorReport.State.RESOLVED, ErrorReport.State.IGNORED


def store(sightings: Collection[Sighting]) -> None:
    """Add what was seen to the rows. What comes again after it was resolved is new again."""
    for sighting in sightings:
        if not _add(sighting):
            try:
                with transaction.atomic():
                    _create(sighting)
            except IntegrityError:  # another process saw it for the first time in the same moment
                _add(sighting)


def _add(sighting: Sighting) -> int:
    """0: there is no such row yet."""
    came_again = Q(state=Resolved) & ~Q(fixed_after=sighting.version)
    return ErrorReport.objects.filter(fingerprint=sighting.fingerprint).update(
        state=Case(When(came_again, then=Value(New)), default=F("state")),
        count=F("count") + sighting.count,
        last_seen_at=sighting.last_at,
        **_latest(sighting),
    )


def _latest(sighting: Sighting) -> dict[str, str]:
    names = ("exception", "place", "where", "request_id", "version", "traceback")
    # PostgreSQL stores no zero character, and no half of a pair.
    return {
        name: getattr(sighting, name).replace("\0", "").encode("utf-8", "replace").decode() for name in names
    }


def _create(sighting: Sighting) -> None:
    spare = MAX_ROWS - 1
    oldest = ErrorReport.objects.order_by("-last_seen_at").values_list("pk", flat=True)[
        spare : spare + MAX_ROWS
    ]
    ErrorReport.objects.filter(pk__in=list(oldest)).delete()
    report = ErrorReport.objects.create(
        fingerprint=sighting.fingerprint,
        count=sighting.count,
        first_seen_at=sighting.first_at,
        last_seen_at=sighting.last_at,
        **_latest(sighting),
    )
    _tell_new(report)


def _tell_new(report: ErrorReport) -> None:
    """Its kind and place alone: what was said, and by whom it was met, stands at the desk."""
    page = desk_page("hazesite_errorreport_change", report.pk)
    text = _("Nobody has met this error before. What is known of it: %s") % page
    alert_staff(_("A new error: %s") % report, text, f"error-{report.fingerprint}")


def resolve(reports: QuerySet[ErrorReport]) -> int:
    """It is fixed where it happened: from now on it does not come any more."""
    return reports.update(state=Resolved, fixed_after="")


def resolve_in_next_version(reports: QuerySet[ErrorReport]) -> int:
    """It is fixed in the code: as long as this version runs it may still come."""
    return reports.update(state=Resolved, fixed_after=settings.VERSION)


def ignore(reports: QuerySet[ErrorReport]) -> int:
    """Go on counting it, and never call it new again."""
    return reports.update(state=Ignored)


def reopen(reports: QuerySet[ErrorReport]) -> int:
    return reports.update(state=New, fixed_after="")


@chore
def forget_old_error_reports() -> int:
    forgotten, _rows = ErrorReport.objects.filter(last_seen_at__lt=timezone.now() - KEEP).delete()
    return forgotten
