"""What a channel may be, who may change it, and that its secrets never come out."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from django.db import connection

from hazesite.audit.models import AuditEntry
from hazesite.errors import NotAllowed, NotFound, Unfit
from hazesite.outbound import AddressRefused
from monitoring.models import EscalationPolicy, Incident, NotificationChannel
from monitoring.services import channels, escalations, incidents
from monitoring.services.channels import ChannelInUse, NameTaken, save_channel, shown_config

EMAIL = {
    "smtp_server": "localhost",
    "smtp_port": 587,
    "username": "alerts@yourcompany.com",
    "password": "app-specific-password",
    "from_email": "monitor@yourcompany.com",
    "to_email": "admin@yourcompany.com",
    "use_tls": True,
}
WEBHOOK = {
    "url": "https://localhost/services/your-webhook-url",
    "method": "POST",
    "headers": {"Content-Type": "application/json", "Authorization": "Bearer your-token"},
    "timeout": 30,
}
CHAT = {"webhook_url": "https://localhost/services/YOUR/CHAT/WEBHOOK"}
EXAMPLES = {"email": EMAIL, "webhook": WEBHOOK, "slack": CHAT, "discord": CHAT, "push": {}}
SECRETS = ("app-specific-password", "your-token", "your-webhook-url", "YOUR/CHAT")


@pytest.fixture(autouse=True)
def on_this_machine(settings, db):
    settings.OUTBOUND_ALLOWED_HOSTS = ["localhost", "127.0.0.1"]


def made(ada, type_="webhook", **more) -> NotificationChannel:
    return save_channel(ada, {"name": type_, "type": type_, "config": EXAMPLES[type_], **more})


@pytest.mark.parametrize("type_", EXAMPLES)
def test_the_examples_of_the_documents_are_taken_and_secrets_are_neither_shown_nor_stored_in_clear(
    ada, type_
):
    channel = made(ada, type_)
    assert NotificationChannel.objects.get(pk=channel.pk).config == EXAMPLES[type_]
    shown = shown_config(channel)
    assert shown.keys() == EXAMPLES[type_].keys()
    with connection.cursor() as cursor:
        cursor.execute("SELECT config FROM monitoring_notificationchannel")
        [[stored]] = cursor.fetchall()
    noted = json.dumps(list(AuditEntry.objects.values_list("after", flat=True)))
    for secret in SECRETS:
        assert secret not in json.dumps(shown) + stored + noted


def test_what_is_given_back_as_it_was_shown_stays_as_it_was(ada):
    for type_ in ("email", "webhook", "slack"):
        channel = made(ada, type_)
        config = shown_config(channel)
        if type_ == "webhook":
            config["timeout"] = 10
            config["headers"]["X-New"] = "1"
        save_channel(ada, {"config": config}, channel.pk)
        stored = NotificationChannel.objects.get(pk=channel.pk).config
        assert stored == EXAMPLES[type_] | (
            {"timeout": 10, "headers": WEBHOOK["headers"] | {"X-New": "1"}} if type_ == "webhook" else {}
        )


@pytest.mark.parametrize(
    "type_, changed",
    [("email", {"smtp_server": "127.0.0.1"}), ("webhook", {"url": "https://127.0.0.1/elsewhere"})],
)
def test_a_hidden_secret_is_not_carried_to_another_host(ada, type_, changed):
    channel = made(ada, type_)
    with pytest.raises(Unfit):
        save_channel(ada, {"config": shown_config(channel) | changed}, channel.pk)
    save_channel(ada, {"config": EXAMPLES[type_] | changed}, channel.pk)


@pytest.mark.parametrize(
    "type_, config",
    [
        ("email", {}),
        ("email", EMAIL | {"to_email": "nobody"}),
        ("email", EMAIL | {"smtp_port": 0}),
        ("email", EMAIL | {"smtp_port": True}),
        ("email", EMAIL | {"use_tls": "yes"}),
        ("email", EMAIL | {"subject": "x"}),
        ("email", {"smtp_server": "localhost", "to_email": "a@b.org"}),
        ("email", EMAIL | {"from_email": "a@b.org\nBcc: c@d.org"}),
        ("webhook", {}),
        ("webhook", {"url": "ftp://localhost/"}),
        ("webhook", {"url": "https://user:word@localhost/"}),
        ("webhook", WEBHOOK | {"method": "DELETE"}),
        ("webhook", WEBHOOK | {"timeout": 61}),
        ("webhook", WEBHOOK | {"headers": {"Host": "elsewhere"}}),
        ("webhook", WEBHOOK | {"headers": {"X": "a\r\nY: b"}}),
        ("webhook", WEBHOOK | {"headers": {"X": "…"}}),
        ("webhook", WEBHOOK | {"secret": "whsec_short"}),
        ("webhook", WEBHOOK | {"secret": f"whsec_{b64encode(bytes(23)).decode()}"}),
        ("webhook", WEBHOOK | {"secret": f"whsec_{b64encode(bytes(65)).decode()}"}),
        ("webhook", WEBHOOK | {"retries": 3}),
        ("slack", {"url": "https://localhost/"}),
        ("discord", {"webhook_url": 7}),
        ("push", {"roles": ["lootling"]}),
        ("push", {"roles": []}),
        ("email", None),
    ],
)
def test_what_a_channel_cannot_use_is_refused(ada, type_, config):
    with pytest.raises(Unfit):
        made(ada, type_, config=config)


@pytest.mark.parametrize(
    "more",
    [
        {"name": ""},
        {"type": "pigeon"},
        {"flap_changes": 4},
        {"storm_alerts": 4, "storm_seconds": 1},
        {"remind_minutes": 1},
        {"time_zone": "Nowhere"},
        {"summary_at": "25:00"},
        {"active": "yes"},
        {"templates": {"earthquake": "x"}},
        {"templates": {"down": "$password"}},
        {"templates": {"down": "${monitor.headers}"}},
        {"templates": {"down": ""}},
        {"unheard_of": 1},
    ],
)
def test_what_makes_no_sense_is_refused(ada, more):
    with pytest.raises(Unfit):
        made(ada, **more)


def test_private_addresses_are_refused(ada, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = []
    for type_ in ("email", "webhook", "slack", "discord"):
        with pytest.raises(AddressRefused):
            made(ada, type_)
    settings.MAIL_SERVER = "localhost"
    made(ada, "email")
    settings.MAIL_SERVER, settings.MONITOR_ALLOW_PRIVATE_TARGETS = "", True
    made(ada, "email", name="another")


def test_admins_write_staff_read(ada, moira, alice):
    channel = made(ada)
    assert list(channels.channels(moira)) == [channel]
    for refused in (
        lambda: channels.channels(alice),
        lambda: made(moira, "push"),
        lambda: save_channel(moira, {"name": "x"}, channel.pk),
        lambda: channels.delete_channel(moira, channel.pk),
        lambda: channels.test_channel(moira, channel.pk),
        lambda: escalations.save_policy(moira, {"name": "x"}),
    ):
        with pytest.raises(NotAllowed):
            refused()
    with pytest.raises(NotFound):
        channels.read_channel(moira, 4711)
    with pytest.raises(NameTaken):
        made(ada)
    with pytest.raises(Unfit):
        save_channel(ada, {"type": "slack"}, channel.pk)
    save_channel(ada, {"name": "renamed", "summary_at": "07:30"}, channel.pk)
    changed = AuditEntry.objects.get(verb="channel.changed")
    assert changed.after == {"name": "renamed", "summary_at": "07:30:00"}
    channels.delete_channel(ada, channel.pk)
    assert not NotificationChannel.objects.exists()


# --- escalation ------------------------------------------------------------------
def test_a_policy_has_its_steps_in_order_and_its_channels_are_kept(ada, moira):
    first, second = made(ada, "push"), made(ada, "slack")
    steps = [
        {"after_minutes": 10, "channels": [second.pk]},
        {"after_minutes": 0, "channels": [first.pk]},
    ]
    policy = escalations.save_policy(ada, {"name": "on call", "steps": steps})
    assert [step.after_minutes for step in escalations.read_policy(moira, policy.pk).steps.all()] == [0, 10]
    with pytest.raises(ChannelInUse):
        channels.delete_channel(ada, first.pk)
    both = [{"after_minutes": 0, "channels": [first.pk, second.pk]}]
    escalations.save_policy(ada, {"steps": both}, policy.pk)
    channels.delete_channel(ada, first.pk)
    with pytest.raises(NameTaken):
        escalations.save_policy(
            ada, {"name": "on call", "steps": [{"after_minutes": 0, "channels": [second.pk]}]}
        )
    escalations.delete_policy(ada, policy.pk)
    assert not EscalationPolicy.objects.exists()


@pytest.mark.parametrize(
    "steps",
    [
        None,
        [],
        [{"after_minutes": 5, "channels": ["first"]}],
        [{"after_minutes": 0, "channels": []}],
        [{"after_minutes": 0, "channels": [4711]}],
        [{"after_minutes": 0, "channels": ["first"]}, {"after_minutes": 0, "channels": ["first"]}],
        [{"after_minutes": -1, "channels": ["first"]}],
        [{"after_minutes": 0, "channels": ["first"], "who": "me"}],
    ],
)
def test_a_policy_that_reaches_nobody_at_first_is_refused(ada, steps):
    key = made(ada, "push").pk
    for step in steps or ():
        step["channels"] = [key if one == "first" else one for one in step["channels"]]
    with pytest.raises(Unfit):
        escalations.save_policy(ada, {"name": "on call", "steps": steps})


# --- incidents ----------------------------------------------------------------------
@pytest.fixture
def incident(stage) -> Incident:
    return stage.fails(stage.monitor())


def test_staff_acknowledge_once_and_comment(incident, moira, ada, alice):
    for refused in (
        lambda: incidents.acknowledge(alice, incident.pk),
        lambda: incidents.comment(alice, incident.pk, "x"),
        lambda: incidents.incidents(alice),
    ):
        with pytest.raises(NotAllowed):
            refused()
    first = incidents.acknowledge(moira, incident.pk)
    second = incidents.acknowledge(ada, incident.pk)
    assert first.acknowledged_by == second.acknowledged_by == moira
    assert AuditEntry.objects.filter(verb="incident.acknowledged").count() == 1
    incidents.comment(moira, incident.pk, "  We look into it. ", public=True)
    [note] = incidents.read_incident(ada, incident.pk).notes.all()
    assert (note.text, note.is_public, note.author) == ("We look into it.", True, moira)
    for text in ("  ", "x" * 2001):
        with pytest.raises(Unfit):
            incidents.comment(moira, incident.pk, text)
    with pytest.raises(NotFound):
        incidents.comment(moira, 4711, "x")
    with pytest.raises(NotFound):
        incidents.acknowledge(moira, 4711)
    assert "look into" not in json.dumps(list(AuditEntry.objects.values_list("after", flat=True)))
