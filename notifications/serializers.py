from __future__ import annotations

from datetime import time
from typing import Any
from zoneinfo import available_timezones

from rest_framework import serializers

from hazesite.api import PageQuery
from hazesite.fields import Flag, Shaped, Strict, Text, Whole, unfit
from notifications.kinds import SWITCHES, Kind
from notifications.models import Device
from notifications.services.devices import MAX_DEVICES

Input = serializers.Serializer[dict[str, Any]]
MAX_ADDRESS, MAX_MUTED = 4096, 200
FLAT = (
    "notifications_enabled",
    "ticket_new_messages",
    "ticket_mentions",
    "ticket_created",
    "ticket_assigned",
)
"""What the settings screen of the app shows."""
SWITCHED = ("only_mine", "private", "digest", "direct_messages")
"""What else may be switched, besides a switch for each kind."""


class Address(Text):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_ADDRESS, **options)


class Key(Whole):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


# --- in ----------------------------------------------------------------------
class RegisterIn(Input):
    fcm_token = Address(help_text="A registration token, or with `kind` `fid` a Firebase installation id.")
    platform = serializers.ChoiceField(Device.Platform.choices)
    kind = serializers.ChoiceField(Device.AddressKind.choices, default=Device.AddressKind.TOKEN)
    device_info = Text(max_length=200, default="", allow_blank=True)


class ForgetIn(Input):
    fcm_token = Address()


class TestIn(Input):
    fcm_token = Address()
    title = Text(max_length=100, default="HazeBot")
    body = Text(max_length=500, default="It works.")
    kind = serializers.ChoiceField(Device.AddressKind.choices, default=Device.AddressKind.TOKEN)


class SettingsIn(Strict):
    notifications_enabled = Flag(required=False)
    ticket_new_messages = Flag(required=False)
    ticket_mentions = Flag(required=False)
    ticket_created = Flag(required=False)
    ticket_assigned = Flag(required=False)


class TimeOfDay(Shaped):
    """`22:00`, in text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", **options)


class QuietHours(Strict):
    start = TimeOfDay(help_text="`22:00`, in the person's time zone.")
    end = TimeOfDay()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["start"] == attrs["end"]:
            raise unfit("It ends when it starts.", "end")
        return {name: time.fromisoformat(given) for name, given in attrs.items()}


class DeviceChange(Strict):
    id = Key()
    muted = serializers.ListField(child=serializers.ChoiceField(Kind.choices), max_length=len(Kind))


class Events(Strict):
    """A switch for each kind."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {name: Flag(required=False) for name in dict.fromkeys(SWITCHES.values())}


class PreferencesIn(Strict):
    quiet_hours = QuietHours(required=False, allow_null=True)
    time_zone = Text(max_length=64, required=False, help_text="As `Europe/Berlin`.")
    only_mine = Flag(required=False, help_text="Of tickets that are not one's own only mentions.")
    private = Flag(required=False, help_text="Without the words of messages.")
    digest = Flag(required=False, help_text="What is only good to know comes once a day, by mail.")
    direct_messages = Flag(
        required=False,
        help_text="In Discord, what was not read in ten minutes, rang nowhere and is not mailed.",
    )
    events = Events(required=False)
    devices = serializers.ListField(child=DeviceChange(), required=False, max_length=MAX_DEVICES)
    muted_tickets = serializers.ListField(
        child=Text(max_length=20), required=False, max_length=MAX_MUTED, help_text="Ticket ids, all of them."
    )

    def validate_time_zone(self, value: str) -> str:
        if value not in available_timezones():
            raise unfit("There is no such time zone.")
        return value


class ReadIn(Strict):
    ids = serializers.ListField(
        child=Whole(min_value=1, max_value=2**63 - 1),
        required=False,
        max_length=200,
        help_text="Absent: all.",
    )


class HistoryQuery(PageQuery):
    """`?limit=` and `?cursor=`."""


# --- out ---------------------------------------------------------------------
class SettingsOut(serializers.Serializer[object]):
    notifications_enabled = serializers.BooleanField()
    ticket_new_messages = serializers.BooleanField()
    ticket_mentions = serializers.BooleanField()
    ticket_created = serializers.BooleanField()
    ticket_assigned = serializers.BooleanField()


class QuietHoursOut(serializers.Serializer[object]):
    start = TimeOfDay()
    end = TimeOfDay()


class DeviceOut(serializers.Serializer[object]):
    id = serializers.IntegerField()
    platform = serializers.CharField()
    kind = serializers.CharField()
    device_info = serializers.CharField()
    muted = serializers.ListField(child=serializers.CharField())
    last_seen_at = serializers.DateTimeField()


class PreferencesOut(serializers.Serializer[object]):
    quiet_hours = QuietHoursOut(allow_null=True)
    time_zone = serializers.CharField()
    only_mine = serializers.BooleanField()
    private = serializers.BooleanField()
    digest = serializers.BooleanField()
    direct_messages = serializers.BooleanField()
    events = serializers.DictField(child=serializers.BooleanField())
    devices = DeviceOut(many=True)
    muted_tickets = serializers.ListField(child=serializers.CharField())


class NotificationOut(serializers.Serializer[object]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    ticket_id = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    body = serializers.CharField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class HistoryOut(serializers.Serializer[object]):
    notifications = NotificationOut(many=True)
    unread_count = serializers.IntegerField(help_text="Counted to 1000.")
    next_cursor = serializers.CharField(allow_null=True)
