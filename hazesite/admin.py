from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hazesite.admin_site import PageAdmin, ReadOnly
from hazesite.jobs import services
from hazesite.jobs.models import Job
from hazesite.outgoing import services as outgoing
from hazesite.outgoing.models import Delivery


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


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, PageAdmin[Delivery]):
    icon = "outbox"
    list_display = [
        "thing", "transport", "target", "state", "attempts", "next_try_at", "created_at", "sent_at", "reason"
    ]  # fmt: skip
    list_filter = ["state", "transport", "created_at"]
    search_fields = ["=thing", "=target", "reason"]
    actions = ["send_again", "retract"]

    @admin.action(description=_("Send again what was given up, retracted or waits"), permissions=["view"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        count = sum(outgoing.send_again(delivery) for delivery in deliveries)
        self.message_user(request, _("%(count)d will be sent again.") % {"count": count})

    @admin.action(description=_("Retract what was not sent yet"), permissions=["view"])
    def retract(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        count = sum(outgoing.retract_delivery(delivery) for delivery in deliveries)
        self.message_user(request, _("%(count)d will not be sent.") % {"count": count})
