"""What the monitors' part of the API takes in queries and bodies, and what it gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from hazesite.api import PageQuery
from hazesite.fields import Flag, Strict, Text, Whole
from hazesite.health.views import UP_OR_DOWN
from monitoring.models import NotificationChannel, Severity, Status
from monitoring.monitor_settings import KEY, MonitorIn
from monitoring.paging import LongPageQuery
from monitoring.services.incidents import NOTE_LENGTH
from monitoring.services.stats import RANGES
from monitoring.services.status_pages import EntryIn
from monitoring.settings_fields import Options

Out = serializers.Serializer[Any]
MAX_HOURS = 24 * 400
INCIDENT_STATES = ("open", "acknowledged", "resolved")
OVERALL = ("operational", "degraded", "outage")
SUCCESS, ERROR = ("success",), ("error",)


# --- queries -----------------------------------------------------------------
class MonitorsQuery(LongPageQuery):
    status = serializers.ChoiceField(Status.choices, required=False)
    type = Text(max_length=32, required=False)
    tag = Text(max_length=40, required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    q = Text(max_length=150, required=False, help_text="A part of the name, of the address or of the host.")


class ChecksQuery(LongPageQuery):
    hours = serializers.IntegerField(min_value=1, max_value=MAX_HOURS, default=24)


class StatsQuery(serializers.Serializer[dict[str, Any]]):
    range = serializers.ChoiceField(list(RANGES), default="24h")


class IncidentsQuery(PageQuery):
    monitor = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    state = serializers.ChoiceField(INCIDENT_STATES, required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)


class WindowsQuery(PageQuery):
    running = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="Now.")


class ImportQuery(serializers.Serializer[dict[str, Any]]):
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would be done.")
    update = serializers.BooleanField(  # type: ignore[assignment] # the framework's name for something else
        default=False, help_text="Change monitors of the same name to what the file says."
    )


# --- bodies ------------------------------------------------------------------
class CommentIn(Strict):
    text = Text(max_length=NOTE_LENGTH)
    public = Flag(required=False, help_text="True: it stands on status pages.")


class NotificationChannelIn(Strict):
    name = Text(max_length=100)
    type = serializers.ChoiceField(NotificationChannel.Type.choices)
    config = Options(
        required=False,
        help_text="Keys by type. It replaces the whole; what is given as it was shown (`…`) stays.",
    )
    active = Flag(required=False)
    default = Flag(required=False, help_text="For monitors that name no channel.")
    templates = Options(required=False, help_text="Texts of our own, by event.")
    remind_minutes = Whole(required=False, allow_null=True)
    flap_changes = Whole(required=False, allow_null=True)
    flap_minutes = Whole(required=False, allow_null=True)
    storm_alerts = Whole(required=False, allow_null=True)
    storm_seconds = Whole(required=False, allow_null=True)
    summary_at = Text(max_length=8, required=False, allow_null=True, help_text="As `08:00`.")
    time_zone = Text(max_length=63, required=False)


class StepIn(Strict):
    after_minutes = Whole(min_value=0, max_value=7 * 24 * 60)
    channels = serializers.ListField(child=Whole(**KEY), max_length=50)


class PolicyIn(Strict):
    name = Text(max_length=100)
    steps = StepIn(many=True, help_text="At most 10.")


class WindowIn(Strict):
    name = Text(max_length=150)
    description = Text(max_length=1000, required=False, allow_blank=True)
    starts_at = serializers.DateTimeField(help_text="Between the years 2000 and 2100.")
    duration_minutes = Whole(min_value=1, max_value=31 * 24 * 60)
    recurrence = Text(
        max_length=300, required=False, allow_blank=True, help_text="As `FREQ=WEEKLY;BYDAY=SU`."
    )
    time_zone = Text(max_length=63, required=False)
    everything = Flag(required=False)
    active = Flag(required=False)
    monitors = serializers.ListField(child=Whole(**KEY), max_length=1000, required=False)
    tags = serializers.ListField(child=Text(max_length=40), max_length=50, required=False)

    def validate_starts_at(self, value: datetime) -> datetime:
        if not 2000 <= value.year < 2100:
            raise serializers.ValidationError(_("It is too long ago, or too far away."))
        return value


class PushIn(serializers.Serializer[dict[str, Any]]):
    """As Uptime Kuma's: what it does not know is no reason to refuse a sign of life."""

    status = serializers.ChoiceField(UP_OR_DOWN, default="up")
    msg = serializers.CharField(max_length=250, default="OK", allow_blank=True)
    ping = serializers.FloatField(min_value=0, max_value=1e9, required=False, allow_null=True, default=None)


# --- answers -----------------------------------------------------------------
class LastCheckOut(Out):
    at = serializers.DateTimeField()
    response_time_ms = serializers.FloatField(allow_null=True)
    status_code = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)


class MonitorOut(MonitorIn):
    id = serializers.IntegerField()
    header_names = serializers.ListField(child=serializers.CharField())
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
