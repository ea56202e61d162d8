from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hazesite.admin_site import PageAdmin, ReadOnly
from hazesite.jobs import services
from hazesite.jobs.models import Job


@admin.register(Job)
class JobAdmin(ReadOnly, PageAdmin[Job]):
    icon = "work_history"
    list_display = ["task", "state", "queue", "attempts", "run_after", "started_at", "finished_at", "worker"]
    list_filter = ["state", "queue", "task"]
    search_fields = ["task", "error"]
    actions = ["run_again"]

    @admin.action(description=_("Run again what was given up"), permissions=["view"])
    def run_again(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        count = sum(services.run_again(job) for job in jobs)
        self.message_user(request, _("%(count)d will run again.") % {"count": count})
