"""What is watched, in the admin site: to look at and to press buttons.

Settings are changed on the pages of the monitors, where names are looked up outside of transactions.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hazesite.admin_site import PageAdmin, ReadOnly, for_each, labelled
from hazesite.dashboard import Group
from monitoring.durations import spoken
from monitoring.models import (
    EscalationPolicy,
    Incident,
    IncidentNote,
    MaintenanceWindow,
    Monitor,
    NotificationChannel,
    StatusPage,
)
from monitoring.models.monitors import Status
from monitoring.services import channels, escalations, incidents, monitors, status_pages, windows

COLOURS = {
    Status.UP: "success", Status.DOWN: "danger", Status.PENDING: "warning", Status.MAINTENANCE: "info",
}  # fmt: skip
SEVERITIES = {"critical": "danger", "warning": "warning", "info": "info"}


class Deletable(ReadOnly):
    """To look at and to delete, by the service that does it; `page` is where it is changed."""

    page = ""

    def has_delete_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_admin", False))

    def get_deleted_objects(self, rows: Any, _request: HttpRequest) -> Any:
        """The rows alone: what goes with one may be the history of years, and is not listed."""
        return [str(row) for row in rows], {}, set(), []

    def page_of(self, row: Any) -> str:
        return reverse("monitoring-edit", args=[self.page, row.pk])

    view_on_site: Any = page_of

    def delete_model(self, request: HttpRequest, row: Model) -> None:
        self.removed(request.user, row.pk)

    def delete_queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        for row in rows:
            self.removed(request.user, row.pk)

    def removed(self, actor: Any, key: int) -> None:
        raise NotImplementedError


@admin.register(Monitor)
class MonitorAdmin(Deletable, PageAdmin[Monitor]):
    group, icon, page = Group.MONITORS, "monitor_heart", "monitor"
    list_display = ["name", "type", "shown_status", "shown_since", "severity_label", "interval", "active"]
    list_filter = ["state__status", "type", "severity", "active", "tags"]
    search_fields = ["name", "url", "host"]
    list_select_related = ["state"]
    fields = [
        "name", "description", "type", "url", "host", "port", "method", "shown_headers", "expected_status",
        "expected_text", "options", "uses_monitoring_token", "interval", "timeout", "retries",
        "retry_interval", "severity", "response_time_warning_ms", "response_time_critical_ms", "active",
        "parent", "tags",
        "notification_channels", "escalation", "shown_status", "shown_since", "shown_error", "created_at",
    ]  # fmt: skip
    readonly_fields = ["shown_headers", "shown_status", "shown_since", "shown_error"]
    actions = ["pause", "resume", "check_now"]
    severity_label = labelled("severity", SEVERITIES)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Monitor]:
        return super().get_queryset(request).select_related("state")

    def removed(self, actor: Any, key: int) -> None:
        monitors.delete_monitor(actor, key)

    @admin.display(description=_("Status"), ordering="state__status")
    def shown_status(self, monitor: Monitor) -> str:
        return monitor.state.get_status_display()

    @admin.display(description=_("Since"), ordering="state__since")
    def shown_since(self, monitor: Monitor) -> Any:
        return monitor.state.since

    @admin.display(description=_("Error"))
    def shown_error(self, monitor: Monitor) -> str:
        return monitor.state.error

    @admin.display(description=_("Headers"))
    def shown_headers(self, monitor: Monitor) -> str:
        """Their names: what they say is nobody's business."""
        return ", ".join(sorted(monitor.headers))

    @admin.action(description=_("Pause"), permissions=["delete"])
    def pause(self, request: HttpRequest, rows: QuerySet[Monitor]) -> None:
        for_each(request, rows, lambda row: monitors.pause_monitor(_actor(request), row.pk))

    @admin.action(description=_("Resume"), permissions=["delete"])
    def resume(self, request: HttpRequest, rows: QuerySet[Monitor]) -> None:
        for_each(request, rows, lambda row: monitors.resume_monitor(_actor(request), row.pk))

    @admin.action(description=_("Check now"), permissions=["delete"])
    def check_now(self, request: HttpRequest, rows: QuerySet[Monitor]) -> None:
        for_each(request, rows, lambda row: monitors.check_now(_actor(request), row.pk))


class NoteInline(ReadOnly, admin.TabularInline[IncidentNote, Incident]):
    model = IncidentNote
    extra = 0
    fields = ["at", "author", "text", "is_public"]


@admin.register(Incident)
class IncidentAdmin(ReadOnly, PageAdmin[Incident]):
    group, icon = Group.MONITORS, "crisis_alert"
    list_display = [
        "started_at", "monitor", "severity_label", "shown_duration", "resolved_at", "cause", "acknowledged_by"
    ]  # fmt: skip
    list_filter = ["severity", "started_at", "monitor"]
    search_fields = ["monitor__name", "cause"]
    list_select_related = ["monitor", "acknowledged_by"]
    fields = [
        "monitor", "severity", "started_at", "confirmed_at", "resolved_at", "shown_duration", "cause",
        "status_code", "acknowledged_at", "acknowledged_by", "silenced_by",
    ]  # fmt: skip
    readonly_fields = ["shown_duration"]
    inlines = [NoteInline]
    actions = ["acknowledge"]
    severity_label = labelled("severity", SEVERITIES)

    @admin.display(description=_("Duration"))
    def shown_duration(self, incident: Incident) -> str:
        return spoken(incident.duration(timezone.now()))

    @admin.action(description=_("Acknowledge"), permissions=["view"])
    def acknowledge(self, request: HttpRequest, rows: QuerySet[Incident]) -> None:
        for_each(request, rows, lambda row: incidents.acknowledge(_actor(request), row.pk))


@admin.register(NotificationChannel)
class ChannelAdmin(Deletable, PageAdmin[NotificationChannel]):
    group, icon, page = Group.MONITORS, "notifications_active", "channel"
    list_display = ["name", "type", "active", "default"]
    list_filter = ["type", "active"]
    search_fields = ["name"]
    fields = [
        "name", "type", "shown_config", "active", "default", "templates", "remind_minutes", "flap_changes",
        "flap_minutes", "storm_alerts", "storm_seconds", "summary_at", "time_zone", "created_at",
    ]  # fmt: skip
    readonly_fields = ["shown_config"]
    actions = ["send_test"]

    def removed(self, actor: Any, key: int) -> None:
        channels.delete_channel(actor, key)

    @admin.display(description=_("Configuration"))
    def shown_config(self, channel: NotificationChannel) -> SafeString:
        text = json.dumps(channels.shown_config(channel), ensure_ascii=False, indent=1)
        return format_html("<pre>{}</pre>", text)

    @admin.action(description=_("Send a test"), permissions=["delete"])
    def send_test(self, request: HttpRequest, rows: QuerySet[NotificationChannel]) -> None:
        def try_one(row: NotificationChannel) -> None:
            tried = channels.test_channel(_actor(request), row.pk)
            if not tried.ok:
                self.message_user(request, f"{row.name}: {tried.detail}", level="error")

        for_each(request, rows, try_one)


@admin.register(EscalationPolicy)
class PolicyAdmin(Deletable, PageAdmin[EscalationPolicy]):
    group, icon, page = Group.MONITORS, "stairs", "policy"
    list_display = ["name", "shown_steps"]
    search_fields = ["name"]
    fields = ["name", "shown_steps"]
    readonly_fields = ["shown_steps"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EscalationPolicy]:
        return super().get_queryset(request).prefetch_related("steps__channels")

    def removed(self, actor: Any, key: int) -> None:
        escalations.delete_policy(actor, key)

    @admin.display(description=_("Steps"))
    def shown_steps(self, policy: EscalationPolicy) -> str:
        steps = [
            f"{step.after_minutes} min: {', '.join(channel.name for channel in step.channels.all())}"
            for step in policy.steps.all()
        ]
        return "; ".join(steps)


@admin.register(MaintenanceWindow)
class WindowAdmin(Deletable, PageAdmin[MaintenanceWindow]):
    group, icon, page = Group.MONITORS, "construction", "window"
    list_display = ["name", "starts_at", "duration_minutes", "recurrence", "next_start", "active"]
    list_filter = ["active", "starts_at"]
    search_fields = ["name"]

    def removed(self, actor: Any, key: int) -> None:
        windows.delete_window(actor, key)


@admin.register(StatusPage)
class StatusPageAdmin(Deletable, PageAdmin[StatusPage]):
    group, icon, page = Group.MONITORS, "public", "page"
    list_display = ["title", "slug", "is_public"]
    search_fields = ["title", "slug"]
    fields = ["title", "slug", "description", "is_public"]

    def removed(self, actor: Any, key: int) -> None:
        status_pages.delete_page(actor, key)


def _actor(request: HttpRequest) -> Any:
    return request.user
