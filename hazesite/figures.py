"""What the first page of the admin says about the site itself."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from hazesite.dashboard import Card, Group, bounded, figures
from hazesite.error_reports.models import ErrorReport
from hazesite.jobs.models import Job


@figures(Group.SITE, "hazesite.view_job")
def jobs_given_up() -> list[Card]:
    count = bounded(Job.objects.filter(state=Job.State.DEAD))
    link = f"{reverse('admin:hazesite_job_changelist')}?state__exact={Job.State.DEAD}"
    note = _("work that failed at every attempt")
    return [Card(_("Jobs given up"), count, note, link, alarming=count != "0")]


@figures(Group.SITE, "hazesite.view_errorreport")
def errors_of_the_day() -> list[Card]:
    new, day = ErrorReport.State.NEW, timezone.now() - timedelta(days=1)
    count = bounded(ErrorReport.objects.filter(state=new, last_seen_at__gte=day))
    link = f"{reverse('admin:hazesite_errorreport_changelist')}?state__exact={new}"
    return [Card(_("New errors"), count, _("seen in the last 24 hours"), link, alarming=count != "0")]
