"""`manage.py serve` as it is run: a message said on the web rings the phone, read on the web it goes away."""

from __future__ import annotations

import json

import pytest

from notifications.checks import server_key
from tests.notifications.conftest import wait
from tests.serving import serving


@pytest.mark.workers
def test_a_message_rings_the_phone_and_reading_it_elsewhere_takes_it_back(tmp_path, fcm_server):
    phone = fcm_server.operations.register("android")
    account = json.dumps(fcm_server.credentials)
    environment = {"FCM_CREDENTIALS": account, "FCM_API_URL": fcm_server.api_url}
    with serving(tmp_path / "data", environment=environment) as site:
        ticket = site.open_ticket("alice")["ticket_id"]
        with site.client("alice") as alice, site.client("moira") as moira:
            body = {"fcm_token": phone, "platform": "android"}
            alice.post("/api/notifications/register-token", json=body).raise_for_status()
            said = {"message": "We look into it."}
            moira.post(f"/api/tickets/{ticket}/send", json=said).raise_for_status()
            wait(lambda: fcm_server.rings(phone), 15)
            assert fcm_server.rings(phone)[0]["body"] == "moira: We look into it."
            alice.post(f"/api/tickets/{ticket}/mark-read").raise_for_status()
            wait(lambda: len(fcm_server.accepted(phone)) == 2, 15)
            history = alice.get("/api/notifications").json()
    last = fcm_server.accepted(phone)[-1]["message"]["data"]
    assert (last["notification_type"], last["ticket_id"]) == ("ticket_read", ticket)
    assert history["unread_count"] == 0


def test_a_key_of_the_old_kind_is_said_to_be_useless(settings):
    settings.FCM_SERVER_KEY, settings.FCM_CREDENTIALS = "AAAA", None
    [warning] = server_key(None)
    assert "FCM_CREDENTIALS" in warning.msg
    settings.FCM_SERVER_KEY = ""
    assert server_key(None) == []
