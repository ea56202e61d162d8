"""What the monitors' part of the API gives."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from monitoring.inputs import INCIDENT_STATES, NotificationChannelIn, PolicyIn, WindowIn
from monitoring.models import Severity, Status
from monitoring.monitor_settings import MonitorIn
from monitoring.services.stats import RANGES
from monitoring.services.status_pages import EntryIn

Out = serializers.Serializer[Any]
OVERALL = ("operational", "degraded", "outage")
SUCCESS, ERROR = ("success",), ("error",)


class LastCheckOut(Out):
    at = serializers.DateTimeField()
    response_time_ms = serializers.FloatField(allow_null=True)
    status_code = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)


class MonitorOut(MonitorIn):
    at_times = ("body", "push_url")
    id = serializers.IntegerField()
    header_names = serializers.ListField(child=serializers.CharField())
    type = serializers.CharField()  # type: ignore[assignment] # of a package that is gone, too
    expected_status = serializers.CharField()  # type: ignore[assignment]
    interval = serializers.IntegerField()  # type: ignore[assignment] # of when less was allowed, too
    push_url = serializers.CharField(
        allow_null=True, required=False, help_text="Where to call in. For admins, as `body` is."
    )
    status = serializers.ChoiceField(Status.choices)
    status_since = serializers.DateTimeField()
    next_check_at = serializers.DateTimeField(allow_null=True)
    last_check = LastCheckOut(allow_null=True)
    failures = serializers.IntegerField(help_text="Failing attempts in a row.")
    slowness = serializers.ChoiceField(Severity.choices, allow_null=True, help_text="The limit it exceeds.")
    certificate_expires_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    headers = None  # type: ignore[assignment] # they go in and never come out


class CheckOut(Out):
    at = serializers.DateTimeField()
    status = serializers.ChoiceField(Status.choices)
    is_up = serializers.BooleanField(allow_null=True, help_text="Null: this host could not tell.")
    response_time_ms = serializers.FloatField(allow_null=True)
    status_code = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True, help_text="How the answer begins.")


class TimesOut(Out):
    average = serializers.FloatField(allow_null=True)
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)


class PercentilesOut(TimesOut):
    p50 = serializers.FloatField(allow_null=True)
    p90 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)
    p99 = serializers.FloatField(allow_null=True)


class CountsOut(Out):
    up = serializers.IntegerField()
    down = serializers.IntegerField()
    unknown = serializers.IntegerField()
    maintenance = serializers.IntegerField()


class BucketOut(CountsOut):
    at = serializers.DateTimeField()
    response_time_ms = TimesOut()


class MonitorStatsOut(Out):
    range = serializers.ChoiceField(list(RANGES))
    to = serializers.DateTimeField()
    bucket_seconds = serializers.IntegerField()
    uptime_percent = serializers.FloatField(
        allow_null=True, help_text="Of the time in which it was known to be up or down."
    )
    downtime_seconds = serializers.IntegerField()
    incidents = serializers.IntegerField()
    checks = CountsOut()
    response_time_ms = PercentilesOut()
    buckets = BucketOut(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.DateTimeField()}


class OverviewCountsOut(Out):
    total = serializers.IntegerField()
    up = serializers.IntegerField()
    pending = serializers.IntegerField()
    down = serializers.IntegerField()
    paused = serializers.IntegerField()
    maintenance = serializers.IntegerField()
    unknown = serializers.IntegerField()


class OverviewIncidentsOut(Out):
    open = serializers.IntegerField()
    unacknowledged = serializers.IntegerField()
    last_24h = serializers.IntegerField()


class OverviewOut(Out):
    status = serializers.ChoiceField(OVERALL)
    monitors = OverviewCountsOut()
    slow = serializers.IntegerField()
    incidents = OverviewIncidentsOut()
    average_response_time_ms = serializers.FloatField(allow_null=True)
    last_check_at = serializers.DateTimeField(allow_null=True)


class PersonRefOut(Out):
    user_id = serializers.CharField()
    username = serializers.CharField()


class MonitorRefOut(Out):
    id = serializers.IntegerField()
    name = serializers.CharField()
    type = serializers.CharField()


class IncidentOut(Out):
    id = serializers.IntegerField()
    monitor = MonitorRefOut()
    severity = serializers.ChoiceField(Severity.choices)
    state = serializers.ChoiceField(INCIDENT_STATES)
    started_at = serializers.DateTimeField(help_text="The first failing check.")
    confirmed_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    duration = serializers.CharField(help_text="As `2h 30m`.")
    duration_seconds = serializers.IntegerField()
    cause = serializers.CharField(allow_blank=True)
    status_code = serializers.IntegerField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = PersonRefOut(allow_null=True)
    silenced_by = serializers.IntegerField(allow_null=True, help_text="The parent that was down then.")


class NoteOut(Out):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    text = serializers.CharField()
    public = serializers.BooleanField()
    author = PersonRefOut(allow_null=True)


class IncidentWithNotesOut(IncidentOut):
    comments = NoteOut(many=True)


class NotificationChannelOut(NotificationChannelIn):
    config = serializers.DictField(help_text="Without what is secret.")  # type: ignore[assignment]
    templates = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]
    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class TriedOut(Out):
    ok = serializers.BooleanField()
    detail = serializers.CharField(allow_blank=True)
    seconds = serializers.FloatField()


class PolicyOut(PolicyIn):
    id = serializers.IntegerField()


class WindowOut(WindowIn):
    id = serializers.IntegerField()
    next_start = serializers.DateTimeField(allow_null=True)
    next_end = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class PageOut(Out):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    is_public = serializers.BooleanField()
    url = serializers.CharField()
    monitors = EntryIn(many=True)


class CountOut(Out):
    added = serializers.ListField(child=serializers.CharField())
    changed = serializers.ListField(child=serializers.CharField())
    unchanged = serializers.ListField(child=serializers.CharField())


class SkippedOut(Out):
    kind = serializers.CharField()
    name = serializers.CharField()
    reason = serializers.CharField()


class ImportOut(Out):
    dry_run = serializers.BooleanField()
    monitors = CountOut()
    notification_channels = CountOut()
    skipped = SkippedOut(many=True, help_text="What was not taken.")
    notes = SkippedOut(many=True, help_text="What is otherwise than in the file.")


class ExportOut(Out):
    hazebot_monitors = serializers.IntegerField(help_text="The version of the format.")
    exported_at = serializers.DateTimeField()
    notification_channels = serializers.ListField(child=serializers.DictField())
    monitors = serializers.ListField(child=serializers.DictField())


class PushOut(Out):
    ok = serializers.BooleanField()
    status = serializers.ChoiceField(SUCCESS)
    data = serializers.JSONField(allow_null=True)  # type: ignore[assignment]
    message = serializers.CharField(allow_null=True)
    timestamp = serializers.DateTimeField()
