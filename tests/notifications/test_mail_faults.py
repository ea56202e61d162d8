"""A mail server that refuses, hangs, goes away, or loses its answer."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import pytest

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import TRANSPORTS
from notifications.mail import transport
from notifications.mail.models import MailAddress
from notifications.mail.transport import MailTransport
from tests.notifications.office import give_address, mails, pass_by, use
from tests.notifications.worker import do_jobs, wait
from tests.outgoing.conftest import draining
from tests.servers.smtp import HANG, HANG_UP, LOSE_ANSWER, NAME, PASSWORD, MailServer
from tickets import services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers, pytest.mark.once]
State = Delivery.State


@pytest.fixture
def waiting(office, ticket, alice, moira):
    """A mail to Alice that is due."""
    give_address(alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    pass_by()


@pytest.mark.parametrize(
    ("at", "answer"),
    [
        ("RCPT", "450 4.2.1 Greylisted"),
        ("RCPT", "421 4.7.0 Too many connections"),
        ("MAIL", "451 4.3.0 Later"),
        ("MAIL", "550 5.7.1 We do not know you"),
        ("DATA", "452 4.3.1 No room"),
        ("connect", HANG_UP),
        ("MAIL", HANG_UP),
        ("RCPT", HANG_UP),
        ("DATA", HANG_UP),
    ],
)
def test_a_fault_passes_and_costs_no_address(at, answer, office, waiting):
    office.server.letters.fault(at, answer, times=2)
    with draining():
        office.arrives()
        wait(lambda: mails().get().state == State.SENT)
    assert len(office.taken) == 1
    assert mails().get().attempts >= 3
    address = MailAddress.objects.get()
    assert address.confirmed_at and not address.refusals


@pytest.mark.parametrize(
    ("at", "answer", "blamed"),
    [
        ("RCPT", "550 5.1.1 There is no such person", True),
        ("RCPT", "550 5.7.1 Your host is on a list", False),
        ("DATA", "554 5.6.0 This looks like spam", False),
    ],
)
def test_a_refusal_for_good_is_given_up_where_it_can_be_seen(at, answer, blamed, office, waiting):
    office.server.letters.fault(at, answer)
    with draining():
        wait(lambda: mails().get().state == State.GIVEN_UP)
    delivery = mails().get()
    assert delivery.attempts == 1 and answer in delivery.reason and not office.taken
    address = MailAddress.objects.get()
    assert (address.refusals, bool(address.trouble)) == (int(blamed), blamed)
    assert address.confirmed_at is not None


def test_an_address_that_is_refused_again_and_again_counts_no_more(
    office, waiting, ticket, alice, moira, client_of
):
    office.server.letters.fault("RCPT", "550 5.1.1 There is no such person", times=3)
    with office.drained():
        for count in range(1, 4):
            wait(lambda count=count: mails().filter(state=State.GIVEN_UP).count() == count)
            services.post_message(ticket.public_id, moira, "Hello?")
            do_jobs()
            pass_by()
    shown = client_of(alice).get("/api/notifications/email").json()
    assert shown["confirmed"] is False and "There is no such person" in shown["trouble"]
    count = mails().count()
    services.post_message(ticket.public_id, moira, "Hello??")
    do_jobs()
    assert mails().count() == count == 3


def test_one_mail_that_arrives_wipes_the_slate(office, waiting, ticket, moira):
    MailAddress.objects.update(refusals=2, trouble="The address was refused")
    with office.drained():
        office.arrives()
        wait(lambda: MailAddress.objects.get().refusals == 0)
    assert MailAddress.objects.get().trouble == ""


def test_a_lost_answer_doubles_it_under_the_same_id(office, waiting):
    office.server.letters.fault("DATA", LOSE_ANSWER)
    with draining():
        office.arrives(2)
        wait(lambda: mails().get().state == State.SENT)
    first, second = office.taken
    assert first["Message-ID"] == second["Message-ID"] is not None
    assert first["Subject"] == second["Subject"]


def test_what_came_after_a_lost_answer_has_another_id(office, waiting, ticket, moira, monkeypatch):
    """Else a mailbox would drop the second, which says more, for the first."""
    monkeypatch.setattr("hazesite.outgoing.services.FIRST_PAUSE_SECONDS", 2.0)
    office.server.letters.fault("DATA", LOSE_ANSWER)
    with office.drained():
        office.arrives()
        wait(lambda: mails().get().state == State.FAILED)
        services.post_message(ticket.public_id, moira, "And another thing")
        do_jobs()
        last = office.arrives(2)
    assert "And another thing" in last.as_string()
    assert office.taken[0]["Message-ID"] != last["Message-ID"]


def test_a_server_that_hangs_is_left_and_its_thread_is_free(office, waiting, monkeypatch):
    monkeypatch.setattr(MailTransport, "deadline", 0.5)
    office.server.letters.fault("RCPT", HANG)
    with draining():
        office.arrives()
        wait(lambda: mails().get().state == State.SENT)
    assert mails().get().attempts == 2
    busy = [one for one in threading.enumerate() if one.name.startswith("mail") and _is_in_smtplib(one)]
    assert not busy


def _is_in_smtplib(thread):
    import sys
    import traceback

    frame = sys._current_frames().get(thread.ident)
    return frame is not None and "smtplib" in "".join(traceback.format_stack(frame))


def test_the_loop_is_free_while_the_server_thinks(office, waiting, monkeypatch):
    """Handing over blocks a thread, and nothing else."""
    office.server.letters.fault("RCPT", HANG)
    content = TRANSPORTS["mail"].check(list(mails()))[mails().get().pk].content

    async def ticks(delivery):
        sending = asyncio.create_task(TRANSPORTS["mail"].send(delivery, content, None))
        slowest, last = 0.0, time.monotonic()
        for _tick in range(40):
            await asyncio.sleep(0.01)
            slowest, last = max(slowest, time.monotonic() - last), time.monotonic()
        assert not sending.done()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return slowest

    assert asyncio.run(ticks(mails().get())) < 0.3


def test_nobody_is_asked_again_and_again_while_the_server_is_away(office, waiting, ada, ticket, monkeypatch):
    monkeypatch.setattr(transport, "PAUSE", timedelta(seconds=1.5))
    office.server.stop_listening()
    give_address(ada)
    with draining():
        wait(lambda: mails().get().state == State.FAILED)
        services.open_ticket(MailAddress.objects.get(pk=mails().get().target).user, "Another", "Words")
        do_jobs()
        pass_by()
        time.sleep(0.5)
        later = mails().filter(target=ada.pk).get()
        assert (later.attempts, later.state) == (0, State.QUEUED)  # it waits; nothing failed
        office.server.listen()
        office.arrives(2)


@pytest.mark.parametrize("encryption", ["starttls", "implicit"])
def test_it_is_encrypted_and_signs_in(encryption, settings, monkeypatch, tmp_path, office, waiting):
    server = MailServer(encryption, signed_in=True).start()
    use(server, settings, monkeypatch, tmp_path)
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = NAME, PASSWORD
    with draining():
        wait(lambda: server.letters.taken)
        wait(lambda: mails().get().state == State.SENT)
    server.stop()
    assert server.letters.sessions == [{"tls": True, "login": NAME}]
    assert not office.taken


@pytest.mark.parametrize("wrong", ["password", "name of the host", "authority", "no encryption there"])
def test_who_is_not_who_they_say_gets_nothing(wrong, settings, monkeypatch, tmp_path, office, waiting):
    """And it is tried again: the operator mends it."""
    host = "elsewhere.example" if wrong == "name of the host" else "localhost"
    encryption = "none" if wrong == "no encryption there" else "starttls"
    server = MailServer(encryption, signed_in=wrong == "password", host=host).start()
    use(server, settings, monkeypatch, tmp_path)
    settings.EMAIL_USE_TLS = True
    if wrong == "password":
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = NAME, "another-password"
    if wrong == "authority":
        monkeypatch.delenv("SSL_CERT_FILE")
    with draining():
        wait(lambda: mails().get().state == State.FAILED)
    server.stop()
    assert not server.letters.taken and "another-password" not in mails().get().reason
    assert MailAddress.objects.get().refusals == 0
