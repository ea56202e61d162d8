"""From a message to the mailbox, through the ledger, Django's backend and a mail server on loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import TRANSPORTS, Ready
from notifications.models import MailAddress, MutedTicket, Notification, Preferences
from notifications.services.telling import tell
from tests.notifications.office import give_address, html_of, mails, pass_by, states, text_of
from tests.notifications.worker import do_jobs, wait
from tickets import services
from tickets.models import Presence

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers, pytest.mark.once]
State = Delivery.State
EVIL = "<b>bold</b> & <script>alert(1)</script>"


def settled():
    return not Delivery.objects.filter(transport="mail").waiting().exists()


def test_what_rang_nowhere_is_mailed_once_with_all_that_waits(office, ticket, alice, moira):
    give_address(alice)
    for words in ("Try again.", EVIL):
        services.post_message(ticket.public_id, moira, words)
    do_jobs()
    pass_by()
    with office.drained():
        mail = office.arrives()
        wait(settled)
    assert len(office.taken) == 1 and states() == ["sent", "retracted"]
    assert (mail["To"], mail["From"]) == ("alice@example.org", "HazeBot <haze@example.org>")
    assert mail["Subject"] == f"#{ticket.pk} It does not start"
    assert "moira: Try again." in text_of(mail) and f"moira: {EVIL}" in text_of(mail)
    assert "<script>" not in html_of(mail) and "&lt;script&gt;" in html_of(mail)
    assert f"/#/t/{ticket.public_id}" in text_of(mail)


def test_ten_minutes_are_waited_for(office, ticket, alice, moira):
    give_address(alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    [delivery] = mails()
    [told] = Notification.objects.filter(user=alice)
    assert delivery.next_try_at == told.created_at + timedelta(minutes=10)
    # A queue that lets it go too early is asked again.
    mails().update(next_try_at=timezone.now())
    with office.drained():
        wait(lambda: mails().get().next_try_at > timezone.now() + timedelta(minutes=9))
    assert not office.taken and mails().get().attempts == 0


def test_what_rang_is_not_mailed(office, phones, ticket, alice, moira, ada):
    phone = phones.give(alice)
    for person in (alice, ada):
        give_address(person)
    for number in range(3):
        services.post_message(ticket.public_id, moira, f"line {number}")
    do_jobs()
    with office.drained():
        wait(lambda: phones.fcm.rings(phone))
        wait(lambda: not Delivery.objects.waiting().filter(transport="push").exists())
        pass_by()
        office.arrives()  # Ada's, who has no device: the control
        wait(settled)
    assert not office.to(alice) and len(office.to(ada)) == 1
    assert set(mails().filter(target=alice.pk).values_list("reason", flat=True)) == {"A device rang."}


def test_a_phone_that_fcm_does_not_reach_leaves_it_to_mail(office, phones, ticket, alice, moira):
    phone = phones.give(alice)
    phones.fcm.operations.fault("UNAVAILABLE", token=phone, times=100)
    give_address(alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    with office.drained():
        wait(lambda: Delivery.objects.get(transport="push").attempts > 1)
        pass_by()
        office.arrives()
    assert not phones.fcm.accepted(phone)


def change(**fields):
    """Of Moira's."""
    return lambda person, _ticket, _message: type(person).objects.filter(pk=person.pk).update(**fields)


def change_address(**fields):
    return lambda person, *_rest: MailAddress.objects.filter(pk=person.pk).update(**fields)


MEANWHILE = {
    "read": lambda person, ticket, _message: services.mark_read(ticket.public_id, person),
    "read in the list": lambda person, *_rest: Notification.objects.filter(user=person).update(
        read_at=timezone.now()
    ),
    "deleted": lambda _person, ticket, message: services.delete_message(
        ticket.public_id, message.pk, message.author
    ),
    "role lost": change(granted_role=""),
    "blocked": change(is_active=False),
    "unconfirmed": change_address(confirmed_at=None),
    "forgotten": lambda person, *_rest: MailAddress.objects.filter(pk=person.pk).delete(),
    "all muted": change_address(muted=["all"]),
    "topic muted": change_address(muted=["missed"]),
    "kind muted": change_address(muted=["new_message"]),
    "ticket muted": lambda person, ticket, _message: MutedTicket.objects.create(user=person, ticket=ticket),
    "switched off": lambda person, *_rest: Preferences.objects.create(user=person, ticket_new_messages=False),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_is_not_wanted_any_more_is_not_mailed(what, office, ticket, alice, moira, ada):
    """Though it was, when it was queued."""
    do_jobs()  # of the ticket's opening
    for person in (moira, ada):
        give_address(person)
    message = services.post_message(ticket.public_id, alice, "Is anybody there?")
    do_jobs()
    pass_by()
    assert mails().filter(target=moira.pk).waiting().count() == 1
    MEANWHILE[what](moira, ticket, message)
    with office.drained():
        if what != "deleted":
            office.arrives()  # Ada's: the control
        wait(settled)
    assert not office.to(moira)
    assert len(office.to(ada)) == (what != "deleted")


def test_a_deleted_ticket_is_not_mailed(office, ticket, alice, moira, ada):
    give_address(moira)
    do_jobs()
    pass_by()
    services.delete_ticket(ticket.public_id, ada)
    with office.drained():
        wait(settled)
    assert states() == ["retracted"] and not office.taken


def test_who_has_no_confirmed_address_or_muted_it_costs_no_row(office, ticket, alice, moira, ada):
    give_address(moira, muted=["missed"])
    give_address(ada, muted=["ticket_created", "new_message"])
    services.post_message(ticket.public_id, alice, "Hello")
    services.post_message(ticket.public_id, moira, "Hello yourself")
    do_jobs()
    assert not mails().exists()


def test_with_the_ticket_open_it_waits(office, ticket, alice, moira):
    give_address(alice)
    soon = timezone.now() + timedelta(hours=1)
    Presence.objects.create(ticket=ticket, user=alice, process="p", expires_at=soon)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    pass_by()
    with office.drained():
        later = timezone.now() + timedelta(seconds=30)
        wait(lambda: mails().filter(drainer="", attempts=0, next_try_at__gt=later).exists())  # put back
        Presence.objects.all().delete()
        pass_by()
        office.arrives()


def test_quiet_hours_hold_it_back(office, ticket, alice, moira):
    give_address(alice)
    now = datetime.now(UTC)
    start, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time()
    Preferences.objects.create(user=alice, quiet_from=start, quiet_to=end.replace(second=0, microsecond=0))
    services.post_message(ticket.public_id, moira, "Good night")
    do_jobs()
    pass_by()
    with office.drained():
        wait(lambda: mails().get().next_try_at > timezone.now() + timedelta(minutes=60))
    assert not office.taken and mails().get().state == State.QUEUED


def test_private_says_nothing_anybody_wrote(office, ticket, alice, moira):
    give_address(alice)
    Preferences.objects.create(user=alice, private=True)
    services.post_message(ticket.public_id, moira, "The secret is out")
    do_jobs()
    pass_by()
    with office.drained():
        mail = office.arrives()
    assert "secret" not in mail.as_string() and "does not start" not in mail.as_string()
    assert mail["Subject"] == f"#{ticket.pk}" and "A new message." in text_of(mail)


def test_notes_go_to_staff_alone(office, ticket, alice, moira, ada):
    for person in (alice, moira, ada):
        give_address(person)
    services.add_note(ticket.public_id, moira, "The owner @alice must not see this, @ada should")
    do_jobs()
    pass_by()
    with office.drained():
        office.arrives()
        wait(settled)
    [mail] = [one for one in office.to(ada) if "must not see" in text_of(one)]
    assert not office.to(alice), mail


def test_who_was_staff_gets_no_note_any_more(office, ticket, alice, moira, ada):
    """The mention was told while they were; the mail comes later."""
    own = services.open_ticket(ada, "Mine", "I need help myself.")
    give_address(ada)
    services.add_note(own.public_id, moira, "What does @ada want?")
    do_jobs()
    pass_by()
    type(ada).objects.filter(pk=ada.pk).update(granted_role="")
    with office.drained():
        wait(settled)
    assert all("What does" not in text_of(one) for one in office.taken)
    assert "It may not be seen any more." in mails().values_list("reason", flat=True)


def test_mails_about_a_ticket_hang_together_and_no_two_have_one_id(office, ticket, alice, moira):
    give_address(alice)
    with office.drained():
        for count, words in ((1, "First"), (2, "Second")):
            services.post_message(ticket.public_id, moira, words)
            do_jobs()
            pass_by()
            office.arrives(count)
    first, second = office.taken
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert first["Message-ID"] != second["Message-ID"]
    assert first["Message-ID"].endswith("@example.org>")


def test_no_name_and_no_subject_makes_a_header(office, alice, moira):
    nasty = "Hi\u2028Bcc: eve@example.org\r\nX-Evil: yes\u202e"
    type(moira).objects.filter(pk=moira.pk).update(username="moira\r\nX-Evil: yes")
    ticket = services.open_ticket(alice, "Subject", "Words")
    type(ticket).objects.filter(pk=ticket.pk).update(subject=nasty)
    moira.refresh_from_db()
    give_address(alice)
    services.post_message(ticket.public_id, moira, "Hello\r\nX-Evil: yes")
    do_jobs()
    pass_by()
    with office.drained():
        mail = office.arrives()
    assert mail["X-Evil"] is None and mail["Bcc"] is None
    assert mail["Subject"] == f"#{ticket.pk} Hi Bcc: eve@example.org X-Evil: yes"


def test_without_a_server_nothing_is_queued_and_what_waits_stays(office, settings, ticket, alice, moira):
    give_address(alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    pass_by()
    settings.MAIL_SERVER = ""
    services.post_message(ticket.public_id, moira, "Still there?")
    do_jobs()
    assert mails().count() == 1
    with office.drained():
        wait(lambda: mails().get().next_try_at > timezone.now() + timedelta(minutes=4))
    assert (mails().get().state, mails().get().attempts, office.taken) == (State.QUEUED, 0, [])


def test_what_is_about_no_ticket_is_mailed_alone(office, alice):
    give_address(alice)
    tell(
        Notification(
            user=alice, kind="broadcast", thing=f"news:{n}", facts={"title": f"News {n}", "body": EVIL}
        )
        for n in (1, 2)
    )
    pass_by()
    with office.drained():
        office.arrives(2)
    assert sorted(mail["Subject"] for mail in office.taken) == ["News 1", "News 2"]
    assert all(EVIL in text_of(mail) and mail["References"] is None for mail in office.taken)


def test_looking_costs_the_same_for_many(office, ticket, alice, moira, ada, django_assert_max_num_queries):
    for person in (alice, moira, ada):
        give_address(person)
    others = [services.open_ticket(alice, f"Subject {number}", "Words") for number in range(4)]
    for one in (ticket, *others):
        services.post_message(one.public_id, moira, "Hello")
        services.post_message(one.public_id, alice, "Hello yourself")
    do_jobs()
    pass_by()
    assert mails().count() > 20
    with django_assert_max_num_queries(11):
        verdicts = TRANSPORTS["mail"].check(list(mails()))
    assert any(isinstance(one, Ready) for one in verdicts.values())
