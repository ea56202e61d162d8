"""What admins set and staff do on the pages goes through the services, and refusals stand at the field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitoring.models import (
    EscalationPolicy,
    IncidentNote,
    MaintenanceWindow,
    Monitor,
    NotificationChannel,
    Status,
    StatusPage,
    Tag,
)
from monitoring.pages import kinds
from monitoring.pages.monitor_form import MonitorForm
from monitoring.services.escalations import MAX_STEPS, save_policy
from monitoring.services.status_pages import save_page
from monitoring.services.windows import save_window
from tests.monitoring.stock import make_incident, make_monitor

pytestmark = pytest.mark.django_db
SETTINGS = "/monitors/settings"


@pytest.fixture
def enter(client):
    def sign_in(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def admin(ada, enter):
    return enter(ada)


@pytest.fixture
def channel(db) -> NotificationChannel:
    config = {"webhook_url": "https://hooks.slack.com/services/T/B/hush"}
    return NotificationChannel.objects.create(name="Team", type="slack", config=config)


def filled(client, path: str) -> dict:
    """The form as a browser would send it back."""
    form = client.get(path).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if not (value is None or value is False or value == ""):
            data[field.name] = "on" if value is True else value
    return data


def post(client, path: str, **data):
    return client.post(path, data)


@pytest.mark.parametrize("name", [*kinds.LABELS])
def test_every_type_of_monitor_has_a_form(admin, name):
    answer = admin.get(f"{SETTINGS}/monitor/add?type={name}")
    assert answer.status_code == 200
    assert "name" in answer.context["form"].fields


def test_an_admin_adds_a_monitor_and_changes_it(admin, channel):
    path = f"{SETTINGS}/monitor/add?type=json"
    answer = post(
        admin, path, name="Shop", url="https://1.1.1.1/health",
        options_path="checks.db", options_expected="5",
        severity="critical", interval="60", tags="shop, money", notification_channels=[str(channel.pk)],
        headers="Authorization: Bearer hush\nX-From: here", method="GET",
    )  # fmt: skip
    monitor = Monitor.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/monitors/{monitor.pk}/")
    assert monitor.options == {"path": "checks.db", "expected": 5}
    assert monitor.headers == {"Authorization": "Bearer hush", "X-From": "here"}
    assert sorted(tag.name for tag in monitor.tags.all()) == ["money", "shop"]
    assert monitor.notification_channels.get() == channel

    path = f"{SETTINGS}/monitor/{monitor.pk}"
    text = admin.get(path).content.decode()
    assert "Authorization: …" in text and "hush" not in text
    data = filled(admin, path) | {"name": "The shop", "headers": "Authorization: …\nX-New: yes"}
    data["tags"] = "shop"
    assert admin.post(path, data).status_code == 302
    monitor.refresh_from_db()
    assert monitor.name == "The shop"
    assert monitor.headers == {"Authorization": "Bearer hush", "X-New": "yes"}
    assert monitor.options == {"path": "checks.db", "expected": 5}
    assert [tag.name for tag in monitor.tags.all()] == ["shop"]


def test_what_would_not_do_stands_at_its_field_and_what_was_typed_stays(admin):
    path = f"{SETTINGS}/monitor/add?type=http"
    answer = post(
        admin, path, name="Shop", url="ftp://example.org", severity="warning", method="GET", interval="60"
    )
    form = answer.context["form"]
    assert answer.status_code == 200
    assert "http://" in form.errors["url"][0]
    assert form["name"].value() == "Shop"
    answer = post(admin, path, name="Shop", url="http://127.0.0.1/", severity="warning", method="GET")
    assert answer.context["form"].errors
    assert not Monitor.objects.exists()


def test_of_two_who_change_the_same_the_second_is_told(admin):
    monitor = make_monitor("Shop")
    path = f"{SETTINGS}/monitor/{monitor.pk}"
    data = filled(admin, path) | {"tags": "", "headers": ""}
    assert admin.post(path, data | {"name": "First"}).status_code == 302
    answer = admin.post(path, data | {"name": "Second"})
    assert answer.context["form"].non_field_errors()
    monitor.refresh_from_db()
    assert monitor.name == "First"


def test_a_monitor_depends_on_another_by_name(admin):
    make_monitor("Router"), make_monitor("Twin"), make_monitor("Twin")
    path = f"{SETTINGS}/monitor/add?type=push"
    assert post(admin, path, name="a", severity="info", parent="Router").status_code == 302
    assert Monitor.objects.get(name="a").parent.name == "Router"
    for parent in ("Nobody", "Twin", "#999999", "#²"):
        answer = post(admin, path, name="b", severity="info", parent=parent)
        assert "parent" in answer.context["form"].errors, parent
    twin = Monitor.objects.filter(name="Twin").first()
    assert post(admin, path, name="c", severity="info", parent=f"#{twin.pk}").status_code == 302
    edited = admin.get(f"{SETTINGS}/monitor/{Monitor.objects.get(name='c').pk}")
    assert edited.context["form"]["parent"].value() == f"#{twin.pk}"
    assert 'value="Router"' in admin.get(f"{SETTINGS}/names?parent=rout").content.decode()


def test_an_option_without_a_field_stays(admin):
    monitor = make_monitor("Shop", type="ping", url="", host="1.1.1.1", options={"of_somebody": 1})
    form = admin.get(f"{SETTINGS}/monitor/{monitor.pk}").context["form"]
    filled_in = MonitorForm(
        {"name": "Shop", "host": "1.1.1.1", "severity": "info"}, actor=form.actor, row=monitor, kind="ping"
    )
    assert filled_in.is_valid()
    assert filled_in.given()["options"] == {"of_somebody": 1}


def test_pausing_resuming_checking_and_removing(admin):
    monitor = make_monitor("Shop")
    post(admin, f"/monitors/{monitor.pk}/pause")
    assert not Monitor.objects.get().active
    text = admin.get(f"/monitors/{monitor.pk}/").content.decode()
    assert "It is paused." in text and "Resume" in text
    post(admin, f"/monitors/{monitor.pk}/check-now")
    assert "is paused. Resume it first." in admin.get(f"/monitors/{monitor.pk}/").content.decode()
    post(admin, f"/monitors/{monitor.pk}/resume")
    assert Monitor.objects.get().active
    answer = post(admin, f"{SETTINGS}/monitor/{monitor.pk}/remove")
    assert answer["Location"] == "/monitors/"
    assert not Monitor.objects.exists()


def test_staff_acknowledge_and_comment(enter, moira):
    incident = make_incident(make_monitor("Shop", Status.DOWN))
    staff = enter(moira)
    path = f"/monitors/incidents/{incident.pk}"
    post(staff, f"{path}/acknowledge")
    incident.refresh_from_db()
    assert incident.acknowledged_by == moira
    post(staff, f"{path}/comment", text="The disk.\r\nIt is full.", is_public="on")
    post(staff, f"{path}/comment", text="Privately: mine.")
    assert list(IncidentNote.objects.values_list("text", "is_public")) == [
        ("The disk.\nIt is full.", True),
        ("Privately: mine.", False),
    ]
    post(staff, f"{path}/comment", text="  ")
    assert IncidentNote.objects.count() == 2
    text = staff.get("/monitors/incidents/").content.decode()
    assert "Acknowledged by moira" in text and "The disk.<br>It is full." in text


def test_a_channels_secret_goes_in_and_never_comes_out(admin, channel):
    path = f"{SETTINGS}/channel/{channel.pk}"
    text = admin.get(path).content.decode()
    assert "hush" not in text and "https://hooks.slack.com/…" in text
    assert admin.post(path, filled(admin, path) | {"name": "The team"}).status_code == 302
    channel.refresh_from_db()
    assert channel.name == "The team"
    assert channel.config == {"webhook_url": "https://hooks.slack.com/services/T/B/hush"}
    assert "hush" not in admin.get(f"{SETTINGS}/").content.decode()


def test_an_e_mail_channel_is_added(admin):
    answer = post(
        admin, f"{SETTINGS}/channel/add?type=email", name="Mail", active="on", time_zone="Europe/Berlin",
        config_to_email="ops@example.org", config_use_tls="on", summary_at="07:30", remind_minutes="30",
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    channel = NotificationChannel.objects.get()
    assert (channel.type, channel.remind_minutes, str(channel.summary_at)) == ("email", 30, "07:30:00")
    assert channel.config == {"to_email": "ops@example.org", "use_tls": True}


@pytest.mark.parametrize("name", ["email", "webhook", "slack", "discord", "push"])
def test_every_type_of_channel_has_a_form(admin, name):
    assert admin.get(f"{SETTINGS}/channel/add?type={name}").status_code == 200


def test_a_test_says_beside_its_button_how_it_went(admin, channel, settings):
    channel.config = {"webhook_url": "http://127.0.0.1:9/nobody-listens"}
    channel.save()
    answer = admin.post(f"{SETTINGS}/channel/{channel.pk}/test", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'class="problem"' in answer.content.decode()


def test_a_window_a_policy_and_a_status_page(admin, channel):
    shop, blog = make_monitor("Shop"), make_monitor("Blog")
    window = {
        "name": "Disks", "starts_at": "2027-03-01T03:00", "duration_minutes": "60",
        "time_zone": "Europe/Berlin", "recurrence": "FREQ=WEEKLY;BYDAY=MO",
        "monitors": "Shop\r\nBlog", "active": "on",
    }  # fmt: skip
    answer = post(admin, f"{SETTINGS}/window/add", **window)
    assert answer.status_code == 302, answer.context["form"].errors
    made = MaintenanceWindow.objects.get()
    assert set(made.monitors.all()) == {shop, blog}
    assert filled(admin, f"{SETTINGS}/window/{made.pk}")["starts_at"]
    answer = post(admin, f"{SETTINGS}/window/add", **window | {"recurrence": "FREQ=NEVER"})
    assert answer.context["form"].errors

    steps = {"minutes_0": "0", "channels_0": [channel.pk], "minutes_1": "15", "channels_1": [channel.pk]}
    answer = post(admin, f"{SETTINGS}/policy/add", name="Night", **steps)
    assert answer.status_code == 302, answer.context["form"].errors
    policy = EscalationPolicy.objects.get()
    assert [step.after_minutes for step in policy.steps.all()] == [0, 15]

    page = {"title": "Haze", "slug": "haze", "is_public": "on", "monitors": "Shop\nCore | Blog | Journal"}
    answer = post(admin, f"{SETTINGS}/page/add", **page)
    assert answer.status_code == 302, answer.context["form"].errors
    assert list(StatusPage.objects.get().entries.values_list("monitor", "group", "label")) == [
        (shop.pk, "", ""),
        (blog.pk, "Core", "Journal"),
    ]
    kept = filled(admin, f"{SETTINGS}/page/{StatusPage.objects.get().pk}")
    assert kept["monitors"] == "Shop\nCore | Blog | Journal"
    answer = post(admin, f"{SETTINGS}/page/add", **page)
    assert answer.context["form"].errors  # the address is taken
    text = admin.get(f"{SETTINGS}/").content.decode()
    assert all(name in text for name in ("Disks", "Night", "Haze", "Team"))
    for what, row in (("window", made), ("policy", policy), ("page", StatusPage.objects.get())):
        assert post(admin, f"{SETTINGS}/{what}/{row.pk}/remove").status_code == 302
        assert admin.get(f"{SETTINGS}/{what}/{row.pk}").status_code == 404


# --- what is not touched stays ---------------------------------------------------
def unchanged(client, path: str) -> None:
    """The form is sent back as it came."""
    answer = client.post(path, filled(client, path))
    assert answer.status_code == 302, answer.context["form"].errors


def test_a_policy_keeps_each_of_its_steps_and_takes_as_many_as_the_service(admin, ada, channel):
    steps = [{"after_minutes": 5 * number, "channels": [channel.pk]} for number in range(MAX_STEPS)]
    policy = save_policy(ada, {"name": "Night", "steps": steps})
    path = f"{SETTINGS}/policy/{policy.pk}"
    unchanged(admin, path)
    assert [step.after_minutes for step in policy.steps.all()] == [*range(0, 5 * MAX_STEPS, 5)]
    # What could not be saved as it is, is refused and not cut off.
    policy.steps.create(after_minutes=999).channels.add(channel)
    answer = admin.post(path, filled(admin, path))
    assert answer.context["form"].non_field_errors() and policy.steps.count() == MAX_STEPS + 1


@pytest.mark.parametrize("expected", [False, True, None, "", "true", "5", 0, 5.5, "a text"])
def test_a_value_of_any_kind_is_expected_as_it_was(admin, expected):
    options = {"path": "checks.db", "expected": expected, "ignore_certificate": True}
    shop = make_monitor("Shop", type="json", url="https://1.1.1.1/health", options=options)
    unchanged(admin, f"{SETTINGS}/monitor/{shop.pk}")
    shop.refresh_from_db()
    assert shop.options == options


def test_the_grace_of_a_push_monitor_is_set_kept_and_taken_back(admin):
    fields = {"name": "Backup", "severity": "info", "interval": "3600"}
    post(admin, f"{SETTINGS}/monitor/add?type=push", **fields, options_grace="0")
    backup = Monitor.objects.get()
    assert backup.options == {"grace": 0}
    path = f"{SETTINGS}/monitor/{backup.pk}"
    unchanged(admin, path)
    assert Monitor.objects.get().options == {"grace": 0}
    assert admin.post(path, filled(admin, path) | {"options_grace": ""}).status_code == 302
    assert Monitor.objects.get().options == {}


def test_tags_with_commas_and_lines_of_a_body_stay_as_they_are(admin):
    shop = make_monitor("Shop", url="https://1.1.1.1/", method="POST", body="one\ntwo\n")
    names = ["Köln, Deutz", 'so "called"', "x"]
    shop.tags.set(Tag.objects.create(name=name) for name in names)
    path = f"{SETTINGS}/monitor/{shop.pk}"
    data = filled(admin, path)
    data["body"] = data["body"].replace("\n", "\r\n")  # as browsers do
    assert admin.post(path, data).status_code == 302
    shop.refresh_from_db()
    assert {tag.name for tag in shop.tags.all()} == {*names}
    assert shop.body == "one\ntwo\n"


def test_names_that_read_as_something_else_are_given_by_number(admin, ada):
    odd, number = make_monitor("Core | Shop"), make_monitor("#1")
    page = save_page(
        ada,
        {"title": "Haze", "slug": "haze", "monitors": [{"monitor": one.pk} for one in (odd, number)]},
    )
    unchanged(admin, f"{SETTINGS}/page/{page.pk}")
    assert list(page.entries.values_list("monitor", "group")) == [(odd.pk, ""), (number.pk, "")]


def test_a_window_begins_at_the_second_it_began(admin, ada):
    starts_at = datetime(2027, 3, 1, 3, 0, 30, tzinfo=UTC)
    given = {"name": "Disks", "starts_at": starts_at, "duration_minutes": 60, "everything": True}
    window = save_window(ada, given)
    unchanged(admin, f"{SETTINGS}/window/{window.pk}")
    window.refresh_from_db()
    assert window.starts_at == starts_at


WRITES = [
    "/monitors/1/pause", "/monitors/1/resume", "/monitors/1/check-now", f"{SETTINGS}/channel/1/test",
    f"{SETTINGS}/monitor/add", f"{SETTINGS}/channel/1", f"{SETTINGS}/window/1/remove",
    f"{SETTINGS}/policy/add", f"{SETTINGS}/page/add",
]  # fmt: skip


@pytest.mark.parametrize("path", WRITES)
def test_only_admins_change_anything(path, client, enter, alice, moira):
    assert client.post(path)["Location"].startswith("/admin/login/")
    assert enter(alice).post(path).status_code == 403
    assert enter(moira).post(path).status_code == 403


@pytest.mark.parametrize("path", ["/monitors/incidents/1/acknowledge", "/monitors/incidents/1/comment"])
def test_members_take_no_part(path, client, enter, alice):
    assert client.post(path)["Location"].startswith("/admin/login/")
    assert enter(alice).post(path).status_code == 403


def test_a_form_of_another_site_is_refused(ada):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    monitor = make_monitor("Shop")
    assert strict.post(f"/monitors/{monitor.pk}/pause").status_code == 403
    assert strict.get(f"/monitors/{monitor.pk}/pause").status_code == 405
