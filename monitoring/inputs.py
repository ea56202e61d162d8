"""What the monitors' part of the API takes in queries and bodies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hazesite.api import PageQuery
from hazesite.fields import (
    Asked,
    AskedFlag,
    AskedNumber,
    Changes,
    Flag,
    Moment,
    Shaped,
    Strict,
    Text,
    Whole,
    unfit,
)
from hazesite.health.views import UP_OR_DOWN
from hazesite.schema_fields import lacks
from monitoring.alerts.config_forms import FORMS, ChannelConfigIn, needed_keys
from monitoring.alerts.events import TEMPLATED
from monitoring.alerts.wording import TEMPLATE_LENGTH
from monitoring.importing.portable import VERSION
from monitoring.models import NotificationChannel, Severity, Status
from monitoring.monitor_settings import KEY
from monitoring.paging import LongPageQuery, TimePageQuery
from monitoring.services.channels import NUMBERS
from monitoring.services.escalations import MAX_MINUTES as MAX_WAIT
from monitoring.services.escalations import MAX_STEPS
from monitoring.services.incidents import NOTE_LENGTH
from monitoring.services.stats import RANGES
from monitoring.services.windows import MAX_MINUTES as LONGEST_WINDOW

MAX_HOURS, MOST_PING = 24 * 400, 1e9
TIME_OF_DAY = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?\Z"
INCIDENT_STATES = ("open", "acknowledged", "resolved")


# --- queries -----------------------------------------------------------------
class MonitorsQuery(LongPageQuery):
    status = serializers.ChoiceField(Status.choices, required=False)
    type = Text(max_length=32, required=False)
    tag = Text(max_length=40, required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    q = Text(max_length=150, required=False, help_text="A part of the name, of the address or of the host.")


class ChecksQuery(TimePageQuery):
    hours = Asked(min_value=1, max_value=MAX_HOURS, default=24)


class StatsQuery(serializers.Serializer[dict[str, Any]]):
    range = serializers.ChoiceField(list(RANGES), default="24h")


class IncidentsQuery(PageQuery):
    monitor = Asked(min_value=1, max_value=2**63 - 1, required=False)
    state = serializers.ChoiceField(INCIDENT_STATES, required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)


class WindowsQuery(PageQuery):
    running = AskedFlag(required=False, default=None, help_text="Now.")


class ImportQuery(serializers.Serializer[dict[str, Any]]):
    dry_run = AskedFlag(default=False, help_text="Only say what would be done.")
    update = AskedFlag(  # type: ignore[assignment] # the framework's name for something else
        default=False, help_text="Change monitors of the same name to what the file says."
    )


# --- bodies ------------------------------------------------------------------
class CommentIn(Strict):
    text = Text(max_length=NOTE_LENGTH)
    public = Flag(required=False, help_text="True: it stands on status pages.")


def _number(name: str, **options: Any) -> Whole:
    least, most = NUMBERS[name]
    return Whole(min_value=least, max_value=most, required=False, allow_null=True, **options)


class TemplatesIn(Strict):
    """Texts with variables such as `$monitor`."""

    def get_fields(self) -> dict[str, Any]:
        return {event: Text(max_length=TEMPLATE_LENGTH, required=False) for event in TEMPLATED}


class NotificationChannelIn(Strict):
    name = Text(max_length=100)
    type = serializers.ChoiceField(NotificationChannel.Type.choices)
    config = ChannelConfigIn(
        required=False,
        help_text="Keys by type. It replaces the whole; what is given as it was shown (`…`) stays.",
    )
    active = Flag(required=False)
    default = Flag(required=False, help_text="For monitors that name no channel.")
    templates = TemplatesIn(required=False, help_text="Texts of our own, by event.")
    remind_minutes = _number("remind_minutes")
    flap_changes = _number("flap_changes")
    flap_minutes = _number("flap_minutes", help_text="With `flap_changes` alone.")
    storm_alerts = _number("storm_alerts")
    storm_seconds = _number("storm_seconds", help_text="With `storm_alerts` alone.")
    summary_at = Shaped(TIME_OF_DAY, required=False, allow_null=True, help_text="As `08:00`.")
    time_zone = Text(max_length=63, required=False, help_text="As `Europe/Berlin`.")

    def missing(self, attrs: dict[str, Any]) -> dict[str, Any]:
        absent = [name for name in needed_keys(attrs["type"]) if name not in attrs.get("config", {})]
        return {"config": {name: [_("It is needed.")] for name in absent}} if absent else {}

    def lacking(self) -> list[dict[str, Any]]:
        return [
            lacks([type_], {"required": ["config"], "properties": {"config": {"required": list(keys)}}})
            for type_ in FORMS
            if (keys := needed_keys(type_))
        ]


class NotificationChannelChangeIn(Changes, NotificationChannelIn):
    """What is to change of a channel; its type never does."""


class StepIn(Strict):
    after_minutes = Whole(min_value=0, max_value=MAX_WAIT)
    channels = serializers.ListField(child=Whole(**KEY), min_length=1, max_length=50)


class PolicyIn(Strict):
    name = Text(max_length=100)
    steps = serializers.ListField(
        child=StepIn(), min_length=1, max_length=MAX_STEPS, help_text="The first at once: after 0 minutes."
    )


class PolicyChangeIn(Changes, PolicyIn):
    """What is to change of a policy."""


class WindowIn(Strict):
    name = Text(max_length=150)
    description = Text(max_length=1000, required=False, allow_blank=True)
    starts_at = Moment(help_text="Between the years 2000 and 2100.")
    duration_minutes = Whole(min_value=1, max_value=LONGEST_WINDOW)
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
            raise unfit(_("It is too long ago, or too far away."))
        return value


class WindowChangeIn(Changes, WindowIn):
    """What is to change of a window."""


class ImportIn(serializers.Serializer[dict[str, Any]]):
    """An export of this site (`hazebot_monitors`) or a backup of Uptime Kuma (`monitorList`).

    One of the two must be there; at most 10000 monitors and channels fit.
    """

    hazebot_monitors = Whole(min_value=VERSION, max_value=VERSION, required=False)
    monitors = serializers.ListField(required=False)
    notification_channels = serializers.ListField(required=False)
    monitorList = serializers.ListField(required=False)  # noqa: N815 - Uptime Kuma's name
    notificationList = serializers.ListField(required=False, allow_null=True)  # noqa: N815 - and this


@extend_schema_field(
    {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": MOST_PING},
            {"type": "string", "pattern": r"^([0-9]{1,9}(\.[0-9]{1,20})?|null)?$"},
        ]
    }
)
class Ping(AskedNumber):
    """A script may write it as a text, or say that it has none."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(None if data in ("", "null") else data)


class PushIn(serializers.Serializer[dict[str, Any]]):
    """As Uptime Kuma's: what it does not know is no reason to refuse a sign of life."""

    status = serializers.ChoiceField(UP_OR_DOWN, default="up", allow_blank=True)
    msg = Text(max_length=250, default="OK", allow_blank=True)
    ping = Ping(min_value=0, max_value=MOST_PING, required=False, allow_null=True, default=None)
