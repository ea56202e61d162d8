"""Transcripts, digests, alerts: what is mailed besides what was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from botconfig.services import change_section, read_section
from hazesite.alerts import alert_staff
from hazesite.outgoing.models import Delivery
from notifications.mail import post, queueing
from notifications.mail.models import MailAddress
from notifications.models import Notification, Preferences
from tests.notifications.office import give_address, html_of, mails, states, text_of
from tests.notifications.worker import do_jobs, wait
from tests.outgoing.conftest import draining
from tickets import services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers, pytest.mark.once]
State = Delivery.State
MORNING = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)


def settled():
    return not mails().waiting().exists()


def enclosed(mail):
    return {part.get_filename(): str(part.get_content()) for part in mail.iter_attachments()}


# --- transcripts -------------------------------------------------------------------
def transcripts():
    return mails().filter(thing__startswith="transcript:")


@pytest.fixture
def closed(office, ticket, alice, moira):
    give_address(alice, muted=["missed"])
    services.post_message(ticket.public_id, moira, "Try <b>this</b>")
    services.add_note(ticket.public_id, moira, "The owner is a secret agent")
    services.close_ticket(ticket.public_id, moira)
    return ticket


def test_the_owner_gets_the_transcript_as_they_may_see_it(closed, office, alice, moira):
    give_address(moira)
    with draining():
        mail = office.arrives()
        wait(lambda: states() == ["sent"])
    assert mail["To"] == "alice@example.org" and "was closed" in text_of(mail)
    assert "is enclosed" in text_of(mail)
    [(name, page)] = enclosed(mail).items()
    assert name == f"ticket-{closed.pk}.html"
    assert "Try &lt;b&gt;this&lt;/b&gt;" in page and "secret agent" not in mail.as_string()


@pytest.mark.parametrize("what", ["reopened", "deleted", "configured away", "muted", "all muted"])
def test_a_transcript_that_is_not_wanted_any_more_is_not_mailed(what, closed, office, alice, moira, ada):
    assert transcripts().count() == 1
    if what == "reopened":
        services.reopen_ticket(closed.public_id, moira)
    elif what == "deleted":
        services.delete_ticket(closed.public_id, ada)
    elif what == "configured away":
        section = read_section("tickets")
        change_section("tickets", section.values | {"transcript_enabled": False}, ada)
    else:
        MailAddress.objects.update(muted=["transcript" if what == "muted" else "all"])
    with draining():
        wait(settled)
    assert transcripts().get().state == State.RETRACTED and not office.taken


def test_nobody_is_asked_who_wants_none(office, ticket, alice, moira, settings):
    give_address(alice, muted=["transcript"])
    services.close_ticket(ticket.public_id, moira)
    MailAddress.objects.update(muted=[], confirmed_at=None)
    services.reopen_ticket(ticket.public_id, moira)
    services.close_ticket(ticket.public_id, moira)
    settings.MAIL_SERVER = ""
    MailAddress.objects.update(confirmed_at=timezone.now())
    services.reopen_ticket(ticket.public_id, moira)
    services.close_ticket(ticket.public_id, moira)
    assert not mails().exists()


def test_private_encloses_nothing(closed, office, alice):
    Preferences.objects.create(user=alice, private=True)
    with draining():
        mail = office.arrives()
    assert not enclosed(mail) and "does not start" not in mail.as_string()


def test_one_that_is_too_long_stays_behind_the_link(closed, office, monkeypatch):
    monkeypatch.setattr(post, "MAX_ENCLOSED", 100)
    with draining():
        mail = office.arrives()
    assert not enclosed(mail) and "enclosed" not in text_of(mail)
    assert f"/#/t/{closed.public_id}" in text_of(mail)


# --- digests -----------------------------------------------------------------------
@pytest.fixture
def subscriber(office, alice):
    Preferences.objects.create(user=alice, digest=True)
    return give_address(alice, muted=["missed", "transcript"])


def test_what_is_only_good_to_know_and_what_was_not_read_comes_once_a_day(
    subscriber, office, ticket, alice, moira
):
    services.claim_ticket(ticket.public_id, moira)
    services.post_message(ticket.public_id, moira, "Read <i>this</i>")
    do_jobs()
    told = Notification.objects.get(user=alice, kind="new_message")
    now = timezone.now().replace(hour=8)
    for _look in range(2):
        assert queueing.digests(now) == 1
    assert mails().count() == 1
    Notification.objects.update(created_at=now - timedelta(hours=2))
    with draining():
        mail = office.arrives()
        wait(settled)
    assert mail["Subject"] == "2 things you have not read" and mail["List-Unsubscribe"]
    assert "moira takes care of your ticket." in text_of(mail) and "moira: Read <i>this</i>" in text_of(mail)
    assert "<i>" not in html_of(mail)
    # The next one tells what came since.
    told.refresh_from_db()
    Notification.objects.filter(pk=told.pk).update(created_at=now + timedelta(hours=1))
    assert queueing.digests(now + timedelta(days=1)) == 1
    with draining():
        mail = office.arrives(2)
    assert mail["Subject"] == "1 thing you have not read"


@pytest.mark.parametrize(
    "what", ["read", "digest off", "muted", "kind off", "deleted", "nothing", "ticket deleted"]
)
def test_nothing_to_tell_is_not_mailed(what, subscriber, office, ticket, alice, moira, ada):
    message = services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    assert queueing.digests(timezone.now().replace(hour=9)) == 1
    mails().update(payload={"letter": "digest", "until": (timezone.now() + timedelta(minutes=1)).isoformat()})
    if what == "read":
        services.mark_read(ticket.public_id, alice)
    elif what == "digest off":
        Preferences.objects.update(digest=False)
    elif what == "muted":
        MailAddress.objects.update(muted=["digest"])
    elif what == "kind off":
        Preferences.objects.update(ticket_new_messages=False)
    elif what == "deleted":
        services.delete_message(ticket.public_id, message.pk, moira)
    elif what == "ticket deleted":
        services.delete_ticket(ticket.public_id, ada)
    else:
        Notification.objects.update(created_at=F("created_at") - timedelta(days=2))
    with draining():
        wait(settled)
    assert states() == ["retracted"] and not office.taken


@pytest.mark.parametrize(
    ("zone", "hour", "due"),
    [
        ("UTC", 8, True),
        ("UTC", 7, False),
        ("UTC", 12, False),
        ("America/New_York", 8, False),
        ("America/New_York", 13, True),
        ("Asia/Kolkata", 3, True),
    ],
)
def test_the_morning_is_that_of_the_person(zone, hour, due, subscriber, alice):
    type(alice).objects.filter(pk=alice.pk).update(time_zone=zone)
    assert queueing.digests(MORNING.replace(hour=hour)) == due


def test_the_day_is_that_of_the_person(subscriber, alice):
    """Two looks on one morning that lie on two days in UTC."""
    type(alice).objects.filter(pk=alice.pk).update(time_zone="Pacific/Auckland")  # 13 hours ahead
    assert queueing.digests(MORNING.replace(hour=20)) == 1
    assert queueing.digests(MORNING.replace(hour=22)) == 1
    assert mails().count() == 1


def test_only_who_wished_for_it_gets_it(office, alice, moira):
    give_address(alice)
    Preferences.objects.create(user=moira, digest=True)
    give_address(moira, muted=["digest"])
    assert queueing.digests(MORNING) == 0


def test_quiet_hours_hold_the_digest_back(subscriber, office, ticket, alice, moira):
    now = datetime.now(UTC)
    start, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time()
    Preferences.objects.update(quiet_from=start, quiet_to=end.replace(second=0, microsecond=0))
    queueing.digests(now.replace(hour=8))
    with draining():
        wait(lambda: mails().get().next_try_at > timezone.now() + timedelta(minutes=30))
    assert mails().get().attempts == 0


# --- alerts ------------------------------------------------------------------------
def test_staff_are_alerted_once_for_each_key(office, alice, moira, ada):
    for person in (alice, moira, ada):
        give_address(person)
    for _again in range(3):
        subject = "The site <is> down\r\nBcc: eve@example.org"
        assert alert_staff(subject, "Since <b>noon</b>.", "site-down-1") == 2
    with draining():
        office.arrives(2)
        wait(settled)
    assert sorted(mail["To"] for mail in office.taken) == ["ada@example.org", "moira@example.org"]
    mail = office.taken[0]
    assert mail["Subject"] == "The site <is> down Bcc: eve@example.org" and mail["Bcc"] is None
    assert "Since <b>noon</b>." in text_of(mail) and "&lt;b&gt;noon" in html_of(mail)
    assert alert_staff("Another", "Thing", "k" * 300) == 2
    assert mails().count() == 4


def test_an_alert_is_for_who_is_staff_when_it_goes(office, moira, ada):
    for person in (moira, ada):
        give_address(person)
    alert_staff("Down", "It is.", "key")
    type(moira).objects.filter(pk=moira.pk).update(granted_role="")
    MailAddress.objects.filter(user=ada).update(muted=["alert"])
    with draining():
        wait(settled)
    assert states() == ["retracted"] * 2 and not office.taken


def test_an_alert_of_a_cause_that_was_undone_is_not_mailed(office, ada):
    give_address(ada)
    with pytest.raises(RuntimeError), transaction.atomic():
        alert_staff("Down", "It is.", "key")
        raise RuntimeError
    assert not mails().exists()


def test_without_a_server_nobody_is_alerted(ada):
    give_address(ada)
    assert alert_staff("Down", "It is.", "key") == 0 and not mails().exists()
