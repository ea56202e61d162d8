from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hazesite.admin_site import PageAdmin, ReadOnly, labelled
from hazesite.audit.models import AuditEntry
from hazesite.dashboard import Group
from hazesite.error_reports import services as error_reports
from hazesite.error_reports.models import ErrorReport
from hazesite.jobs import services
from hazesite.jobs.models import Job
from hazesite.outgoing import services as outgoing
from hazesite.outgoing.models import Delivery

New, Resolved = ErrorReport.State.NEW, ErrorReport.State.RESOLVED


@admin.register(Job)
class JobAdmin(ReadOnly, PageAdmin[Job]):
    icon = "work_history"
    list_display = ["task", "state", "queue", "attempts", "run_after", "started_at", "finished_at", "worker"]
    list_filter = ["state", "queue", "task"]
    search_fields = ["task", "error"]
    actions_are_deeds = True
    actions = ["run_again"]

    @admin.action(description=_("Run again what was given up"), permissions=["view"])
    def run_again(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        count = sum(services.run_again(job) for job in jobs)
        self.message_user(request, _("%(count)d will run again.") % {"count": count})


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, PageAdmin[Delivery]):
    icon = "outbox"
    list_display = [
        "thing", "transport", "target", "state", "attempts", "next_try_at", "created_at", "sent_at", "reason"
    ]  # fmt: skip
    list_filter = ["state", "transport", "created_at"]
    search_fields = ["=thing", "=target", "reason"]
    actions_are_deeds = True
    actions = ["send_again", "retract"]

    @admin.action(description=_("Send again what was given up, retracted or waits"), permissions=["view"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        count = sum(outgoing.send_again(delivery) for delivery in deliveries)
        self.message_user(request, _("%(count)d will be sent again.") % {"count": count})

    @admin.action(description=_("Retract what was not sent yet"), permissions=["view"])
    def retract(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        count = sum(outgoing.retract_delivery(delivery) for delivery in deliveries)
        self.message_user(request, _("%(count)d will not be sent.") % {"count": count})


@admin.register(ErrorReport)
class ErrorReportAdmin(ReadOnly, PageAdmin[ErrorReport]):
    icon = "bug_report"
    list_display = ["shown_name", "where", "shown_state", "count", "last_seen_at", "version"]
    list_filter = ["state", "last_seen_at", "version"]
    search_fields = ["exception", "place", "where", "traceback", "=request_id", "=fingerprint"]
    ordering = ["-last_seen_at"]
    fields = [
        "exception", "place", "where", "shown_traceback", "state", "fixed_after", "count", "first_seen_at",
        "last_seen_at", "request_id", "version", "fingerprint",
    ]  # fmt: skip
    readonly_fields = ["shown_traceback"]
    actions_are_deeds = True
    actions = ["resolve", "resolve_in_next_version", "ignore", "reopen"]
    shown_state = labelled("state", {New: "danger", Resolved: "success"})

    @admin.display(description=_("Error"))
    def shown_name(self, report: ErrorReport) -> str:
        return str(report)

    @admin.display(description=_("Traceback"))
    def shown_traceback(self, report: ErrorReport) -> SafeString:
        return format_html('<pre class="traceback" tabindex="0">{}</pre>', report.traceback)

    @admin.action(description=_("Resolve: it comes no more"), permissions=["view"])
    def resolve(self, request: HttpRequest, reports: QuerySet[ErrorReport]) -> None:
        self._say(request, error_reports.resolve(reports))

    @admin.action(description=_("Resolve: fixed in the next version"), permissions=["view"])
    def resolve_in_next_version(self, request: HttpRequest, reports: QuerySet[ErrorReport]) -> None:
        self._say(request, error_reports.resolve_in_next_version(reports))

    @admin.action(description=_("Ignore"), permissions=["view"])
    def ignore(self, request: HttpRequest, reports: QuerySet[ErrorReport]) -> None:
        self._say(request, error_reports.ignore(reports))

    @admin.action(description=_("Reopen"), permissions=["view"])
    def reopen(self, request: HttpRequest, reports: QuerySet[ErrorReport]) -> None:
        self._say(request, error_reports.reopen(reports))

    def _say(self, request: HttpRequest, count: int) -> None:
        self.message_user(request, _("%(count)d changed.") % {"count": count})


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, PageAdmin[AuditEntry]):
    group, icon, title = Group.PEOPLE, "policy", _("Audit log")
    list_display = ["at", "actor", "verb", "object_type", "object_id", "before", "after", "door", "address"]
    list_filter = ["door", "object_type", "at", "actor"]
    search_fields = ["^verb", "=object_id", "=request_id", "actor__username"]
    list_select_related = ["actor"]
    ordering = ["-at", "-pk"]
