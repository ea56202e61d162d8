"""Registering, moving and forgetting devices over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Device
from notifications.services import devices

pytestmark = pytest.mark.django_db
URL = "/api/notifications/register-token"


def register(client, token="a-token", **more):
    return client.post(URL, {"fcm_token": token, "platform": "android", **more})


def test_a_device_is_registered_and_again(client_of, alice):
    client = client_of(alice)
    answer = register(client)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "message": "Token registered"})
    register(client, device_info="Flutter android")
    device = Device.objects.get()
    assert (device.user, device.kind, device.info) == (alice, "token", "Flutter android")


def test_it_moves_to_whoever_registers_it(client_of, alice, mallory):
    register(client_of(alice))
    Device.objects.update(muted_kinds=["mention"])
    register(client_of(mallory))
    device = Device.objects.get()
    assert (device.user, device.muted_kinds) == (mallory, [])
    assert client_of(alice).delete(URL, {"fcm_token": "a-token"}).status_code == 404
    assert client_of(mallory).delete(URL, {"fcm_token": "a-token"}).status_code == 200
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fcm_token": "", "platform": "android"}, "fcm_token"),
        ({"platform": "android"}, "fcm_token"),
        ({"fcm_token": "x" * 10_000, "platform": "android"}, "fcm_token"),
        ({"fcm_token": 5, "platform": "android"}, "fcm_token"),
        ({"fcm_token": "t", "platform": "toaster"}, "platform"),
        ({"fcm_token": "t"}, "platform"),
        ({"fcm_token": "t", "platform": "ios", "kind": "pigeon"}, "kind"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(client_of, alice, body, field):
    answer = client_of(alice).post(URL, body)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not Device.objects.exists()


def test_there_is_a_limit_and_what_is_seldom_used_makes_room(client_of, alice, monkeypatch):
    monkeypatch.setattr(devices, "MAX_DEVICES", 2)
    client = client_of(alice)
    for name in ("old", "new"):
        assert register(client, name).status_code == 200
    refused = register(client, "third")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_devices")
    assert register(client, "new").status_code == 200  # one it has
    long_ago = timezone.now() - timedelta(days=31)
    Device.objects.filter(address="old").update(last_seen_at=long_ago)
    assert register(client, "third").status_code == 200
    assert set(Device.objects.values_list("address", flat=True)) == {"new", "third"}


def test_the_idle_are_forgotten(alice):
    kept = devices.register_device(alice, "kept", "ios")
    gone = devices.register_device(alice, "gone", "web")
    Device.objects.filter(pk=gone.pk).update(last_seen_at=timezone.now() - timedelta(days=271))
    Device.objects.filter(pk=kept.pk).update(last_seen_at=timezone.now() - timedelta(days=269))
    assert devices.forget_idle_devices() == 1
    assert Device.objects.get() == kept
