"""Monitors and what belongs to them, as the API gives them. No function asks the database for anything that
the services which read these rows have not fetched with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Model

from accounts.models import User
from monitoring.durations import spoken
from monitoring.models import (
    Check,
    EscalationPolicy,
    Incident,
    IncidentNote,
    MaintenanceWindow,
    Monitor,
    NotificationChannel,
    StatusPage,
)
from monitoring.services.channels import shown_config

Json = dict[str, Any]
SETTINGS = (
    "name", "description", "type", "url", "host", "port", "method", "expected_status", "expected_text",
    "options", "uses_monitoring_token", "interval", "timeout", "retries", "retry_interval", "severity",
    "response_time_warning_ms", "response_time_critical_ms", "active", "created_at", "updated_at",
)  # fmt: skip
CHANNEL = (
    "name", "type", "active", "default", "templates", "remind_minutes", "flap_changes", "flap_minutes",
    "storm_alerts", "storm_seconds", "summary_at", "time_zone", "created_at",
)  # fmt: skip
WINDOW = (
    "name", "description", "starts_at", "duration_minutes", "recurrence", "time_zone", "everything", "active",
    "next_start", "next_end", "created_at",
)  # fmt: skip


def _columns(row: Model, names: tuple[str, ...]) -> Json:
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def monitor_json(monitor: Monitor, *, admin: bool = False) -> Json:
    """What may hold secrets only for admins, and values of headers for nobody."""
    shown = _columns(monitor, SETTINGS) | {
        "header_names": sorted(monitor.headers),
        "parent": monitor.parent_id,
        "escalation": monitor.escalation_id,
        "tags": [tag.name for tag in monitor.tags.all()],
        "notification_channels": [channel.pk for channel in monitor.notification_channels.all()],
        **standing_json(monitor),
    }
    if admin:
        shown["body"] = monitor.body
        shown["push_url"] = push_url(monitor)
    return shown


def push_url(monitor: Monitor) -> str | None:
    return f"{settings.PUBLIC_URL}/api/push/{monitor.push_token}" if monitor.push_token else None


def standing_json(monitor: Monitor) -> Json:
    state = monitor.state
    return {
        "status": state.status,
        "status_since": state.since,
        "next_check_at": state.next_check_at,
        "last_check": {
            "at": state.checked_at,
            "response_time_ms": state.response_ms,
            "status_code": state.status_code,
            "error": state.error,
        }
        if state.checked_at
        else None,
        "failures": state.failures,
        "slowness": state.slowness or None,
        "certificate_expires_at": state.certificate_expires_at,
    }


def check_json(check: Check) -> Json:
    return {
        "at": check.at,
        "status": check.status,
        "is_up": check.is_up,
        "response_time_ms": check.response_ms,
        "status_code": check.status_code,
        "error": check.error,
        "answer": check.answer,
    }


def incident_json(incident: Incident, now: datetime) -> Json:
    names = ("severity", "started_at", "confirmed_at", "resolved_at", "cause", "status_code")
    duration = incident.duration(now)
    return _columns(incident, (*names, "acknowledged_at")) | {
        "monitor": {"id": incident.monitor_id, "name": incident.monitor.name, "type": incident.monitor.type},
        "state": _state(incident),
        "duration": spoken(duration),
        "duration_seconds": int(duration.total_seconds()),
        "acknowledged_by": _person(incident.acknowledged_by),
        "silenced_by": incident.silenced_by_id,
    }


def _state(incident: Incident) -> str:
    if incident.resolved_at:
        return "resolved"
    return "acknowledged" if incident.acknowledged_at else "open"


def incident_with_notes_json(incident: Incident, now: datetime) -> Json:
    """For one that was read with its notes and alerts."""
    return incident_json(incident, now) | {"comments": [note_json(note) for note in incident.notes.all()]}


def note_json(note: IncidentNote) -> Json:
    author = _person(note.author)
    return {"id": note.pk, "at": note.at, "text": note.text, "public": note.is_public, "author": author}


def _person(person: User | None) -> Json | None:
    return None if person is None else {"user_id": person.user_id, "username": person.username}


def channel_json(channel: NotificationChannel) -> Json:
    """`…` stands in its config for what is secret."""
    return _columns(channel, CHANNEL) | {"config": shown_config(channel)}


def policy_json(policy: EscalationPolicy) -> Json:
    steps = [
        {"after_minutes": step.after_minutes, "channels": [channel.pk for channel in step.channels.all()]}
        for step in policy.steps.all()
    ]
    return {"id": policy.pk, "name": policy.name, "steps": steps}


def window_json(window: MaintenanceWindow) -> Json:
    return _columns(window, WINDOW) | {
        "monitors": [monitor.pk for monitor in window.monitors.all()],
        "tags": [tag.name for tag in window.tags.all()],
    }


def page_json(page: StatusPage) -> Json:
    return _columns(page, ("slug", "title", "description", "is_public")) | {
        "url": f"{settings.PUBLIC_URL}/status/{page.slug}",
        "monitors": [
            {"monitor": entry.monitor_id, "group": entry.group, "label": entry.label}
            for entry in page.entries.all()
        ],
    }
