"""The settings of the app, and everything else one can wish for."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from notifications.models import Device, Notification, Preferences
from notifications.services.devices import register_device
from notifications.services.preferences import quiet_until
from notifications.services.telling import at_any_hour

pytestmark = pytest.mark.django_db
SETTINGS, PREFERENCES = "/api/notifications/settings", "/api/notifications/preferences"
FLAT = {
    "notifications_enabled",
    "ticket_new_messages",
    "ticket_mentions",
    "ticket_created",
    "ticket_assigned",
}


def test_missing_is_true_and_absent_ones_stay(client_of, alice):
    client = client_of(alice)
    assert client.get(SETTINGS).json() == dict.fromkeys(FLAT, True)
    assert client.put(SETTINGS, {"ticket_created": False}).json()["ticket_created"] is False
    body = client.put(SETTINGS, {"ticket_mentions": False}).json()
    assert {name for name, value in body.items() if not value} == {"ticket_created", "ticket_mentions"}
    assert client.get(SETTINGS).json() == body


def test_unknown_keys_and_bad_values_are_refused(client_of, alice):
    client = client_of(alice)
    for body in ({"rings": True}, {"ticket_created": "no"}, {"ticket_created": None}):
        assert client.put(SETTINGS, body).status_code == 400
    assert not Preferences.objects.exists()


def test_a_web_app_does_not_switch_the_phone_off(client_of, alice):
    client = client_of(alice)
    body = {"notifications_enabled": False, "ticket_created": False}
    assert client.put(SETTINGS, body, HTTP_X_PLATFORM="Web").json()["notifications_enabled"] is True
    assert client.put(SETTINGS, body, HTTP_X_PLATFORM="Android").json()["notifications_enabled"] is False


def test_everything_can_be_set_and_read_back(client_of, alice, ticket):
    device = register_device(alice, "a-token", "ios")
    client = client_of(alice)
    wanted = {
        "quiet_hours": {"start": "22:00", "end": "07:30"},
        "time_zone": "Europe/Berlin",
        "private": True,
        "events": {"ticket_changes": False},
        "devices": [{"id": device.pk, "muted": ["new_message"]}],
        "muted_tickets": [ticket.public_id],
    }
    body = client.put(PREFERENCES, wanted).json()
    assert body == client.get(PREFERENCES).json()
    assert (body["quiet_hours"], body["time_zone"]) == (wanted["quiet_hours"], "Europe/Berlin")
    assert (body["private"], body["only_mine"]) == (True, False)
    assert body["events"]["ticket_changes"] is False and body["events"]["incidents"] is True
    assert body["devices"][0]["muted"] == ["new_message"]
    assert body["muted_tickets"] == [ticket.public_id]
    assert client.put(PREFERENCES, {"quiet_hours": None, "muted_tickets": []}).json()["quiet_hours"] is None


def test_what_is_not_ones_own_is_refused_and_nothing_changed(client_of, alice, mallory, ticket):
    theirs = register_device(alice, "a-token", "ios")
    client = client_of(mallory)
    for wrong, status in (
        ({"devices": [{"id": theirs.pk, "muted": []}]}, 409),
        ({"muted_tickets": [ticket.public_id]}, 409),
        ({"time_zone": "Mars/Olympus"}, 409),
        ({"quiet_hours": {"start": "22:00", "end": "22:00"}}, 409),
        ({"quiet_hours": {"start": "25:00", "end": "22:00"}}, 400),
        ({"quiet_hours": {"start": "22:00"}}, 400),
    ):
        assert client.put(PREFERENCES, {"private": True, **wrong}).status_code == status, wrong
    assert not Preferences.objects.filter(user=mallory).exists()
    assert Device.objects.get().muted_kinds == []


@pytest.mark.parametrize(
    ("start", "end", "now", "until"),
    [
        (22, 7, "2026-03-01 23:00", "2026-03-02 07:00"),
        (22, 7, "2026-03-01 06:59", "2026-03-01 07:00"),
        (22, 7, "2026-03-01 07:00", None),
        (22, 7, "2026-03-01 21:59", None),
        (9, 17, "2026-03-01 12:00", "2026-03-01 17:00"),
        (9, 17, "2026-03-01 17:00", None),
    ],
)
def test_quiet_hours_are_in_the_time_zone_of_the_person(start, end, now, until):
    from zoneinfo import ZoneInfo

    there = ZoneInfo("Asia/Kolkata")
    preferences = Preferences(quiet_from=time(start), quiet_to=time(end))
    at = datetime.fromisoformat(now).replace(tzinfo=there).astimezone(UTC)
    found = quiet_until(preferences, "Asia/Kolkata", at)
    assert (found and f"{found.astimezone(there):%Y-%m-%d %H:%M}") == until
    assert at_any_hour(Notification(kind="incident", facts={"priority": "high"}))
    assert not at_any_hour(Notification(kind="incident"))
    assert not at_any_hour(Notification(kind="new_message"))
