from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from hazesite.dashboard import Card, Group, bounded, figures
from hazesite.jobs.models import Job


@figures(Group.SITE, "hazesite.view_job")
def jobs_given_up() -> list[Card]:
    count = bounded(Job.objects.filter(state=Job.State.DEAD))
    link = f"{reverse('admin:hazesite_job_changelist')}?state__exact={Job.State.DEAD}"
    note = _("work that failed at every attempt")
    return [Card(_("Jobs given up"), count, note, link, alarming=count != "0")]
