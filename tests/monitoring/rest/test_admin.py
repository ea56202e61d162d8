"""The monitors in the admin site."""

from __future__ import annotations

import pytest
from django.test import Client

from hazesite.audit.models import AuditEntry
from monitoring.models import Incident, Monitor, MonitorState, NotificationChannel
from tests.monitoring.rest.stock import furnish

PAGES = ["monitor", "incident", "notificationchannel", "escalationpolicy", "maintenancewindow", "statuspage"]


@pytest.fixture
def enter(db):
    def sign_in(user) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_and_shows_no_secret(enter, ada, page):
    furnish(1)
    Monitor.objects.update(body="s3cret-body", push_token="s3cret-token")
    monitor = Monitor.objects.get()
    monitor.headers = {"Authorization": "s3cret-header"}
    monitor.save()
    NotificationChannel.objects.all().delete()
    NotificationChannel.objects.create(
        name="Hook", type="slack", config={"webhook_url": "https://example.org/s3cret"}
    )
    admin = enter(ada)
    path = f"/admin/monitoring/{page}/"
    answer = admin.get(path)
    assert answer.status_code == 200
    model = answer.context["cl"].model
    one = admin.get(f"{path}{model.objects.first().pk}/change/")
    assert one.status_code == 200
    assert "s3cret" not in answer.content.decode() + one.content.decode()
    assert admin.get(f"{path}add/").status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_moderators_see_monitors_and_incidents_alone(enter, moira, page):
    expected = 200 if page in ("monitor", "incident") else 403
    assert enter(moira).get(f"/admin/monitoring/{page}/").status_code == expected


def press(client, page, action, key):
    return client.post(
        f"/admin/monitoring/{page}/", {"action": action, "_selected_action": [key]}, follow=True
    ).content.decode()


def test_buttons_go_through_the_services(enter, ada, moira):
    furnish(1)
    monitor, incident = Monitor.objects.get(), Incident.objects.get()
    assert "Done for 1 entry" in press(enter(moira), "incident", "acknowledge", incident.pk)
    press(enter(moira), "monitor", "pause", monitor.pk)
    assert Monitor.objects.get().active
    admin = enter(ada)
    press(admin, "monitor", "pause", monitor.pk)
    assert MonitorState.objects.get().status == "paused"
    assert "paused" in press(admin, "monitor", "check_now", monitor.pk)
    press(admin, "monitor", "resume", monitor.pk)
    assert MonitorState.objects.get().status == "pending"
    verbs = set(AuditEntry.objects.exclude(verb="admin.login").values_list("verb", flat=True))
    assert verbs == {"incident.acknowledged", "monitor.paused", "monitor.resumed"}


def test_deleting_goes_through_the_service(enter, ada):
    furnish(1)
    monitor = Monitor.objects.get()
    path = f"/admin/monitoring/monitor/{monitor.pk}/delete/"
    admin = enter(ada)
    assert admin.get(path).status_code == 200
    admin.post(path, {"post": "yes"})
    assert not Monitor.objects.exists()
    assert AuditEntry.objects.filter(verb="monitor.deleted").count() == 1
