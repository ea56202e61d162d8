"""Giving an address, confirming it, and getting rid of mail; over REST and the links in mails."""

from __future__ import annotations

import logging
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone

from notifications.mail import links
from notifications.mail.models import MailAddress
from tests.notifications.office import give_address, mails, pass_by, text_of
from tests.notifications.worker import do_jobs, wait
from tickets import services

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/notifications/email"
EMPTY = {"address": None, "confirmed": False, "muted": [], "trouble": "", "available": True}


def path_in(mail, name):
    """The link in its text, without the host."""
    [url] = re.findall(rf"https?://\S+/mail/{name}\?token=\S+", text_of(mail))
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def unsubscribing(mail):
    parts = urlsplit(mail["List-Unsubscribe"].strip().strip("<>"))
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def browser():
    """One without cookies of ours, which checks them all the same."""
    return Client(enforce_csrf_checks=True)


def test_an_address_counts_once_its_link_was_followed(office, client_of, alice, browser):
    client = client_of(alice)
    assert client.get(URL).json() == EMPTY
    answer = client.put(URL, {"address": "alice@example.org"})
    assert (answer.status_code, answer.json()["confirmed"]) == (200, False)
    with office.drained():
        mail = office.arrives()
    assert mail["Subject"] == "Confirm your address" and mail["List-Unsubscribe"] is None
    path = path_in(mail, "confirm")
    for _look in range(2):
        page = browser.get(path)
        assert page.status_code == 200 and "alice@example.org" in page.content.decode()
        assert page["Referrer-Policy"] == "no-referrer"
    assert MailAddress.objects.get().confirmed_at is None  # looking is not confirming
    for _press in range(2):
        assert browser.post(path).status_code == 200
    assert client.get(URL).json() == EMPTY | {"address": "alice@example.org", "confirmed": True}


def test_a_link_is_of_one_address_of_one_person_for_some_days(office, client_of, alice, mallory, browser):
    client = client_of(alice)
    client.put(URL, {"address": "alice@example.org"})
    path = urlsplit(links.confirm_url(alice.pk, "alice@example.org"))
    old = f"{path.path}?{path.query}"
    client.put(URL, {"address": "other@example.org"})
    client_of(mallory).put(URL, {"address": "other@example.org"})
    for wrong in (old, old[:-1], "/mail/confirm", "/mail/confirm?token=x", "/mail/confirm?token=%00"):
        for answer in (browser.get(wrong), browser.post(wrong)):
            assert answer.status_code == 400, wrong
    other_purpose = urlsplit(links.unsubscribe_url(alice.pk, "other@example.org", "missed"))
    assert browser.post(f"/mail/confirm?{other_purpose.query}").status_code == 400
    assert not MailAddress.objects.confirmed().exists()


def test_a_link_grows_old(client_of, alice, browser, monkeypatch):
    MailAddress.objects.create(user=alice, address="alice@example.org")
    parts = urlsplit(links.confirm_url(alice.pk, "alice@example.org"))
    monkeypatch.setattr("time.time", lambda: timezone.now().timestamp() + 3 * 86400 + 5)
    assert browser.post(f"{parts.path}?{parts.query}").status_code == 400
    assert MailAddress.objects.get().confirmed_at is None


def test_only_the_last_link_that_was_asked_for_is_mailed(office, client_of, alice):
    client = client_of(alice)
    for address in ("first@example.org", "second@example.org"):
        assert client.put(URL, {"address": address}).status_code == 200
    with office.drained():
        wait(lambda: not mails().waiting().exists())
    assert [mail["To"] for mail in office.taken] == ["second@example.org"]


def test_giving_a_confirmed_one_again_changes_nothing(office, client_of, alice):
    give_address(alice)
    answer = client_of(alice).put(URL, {"address": "alice@example.org"})
    assert answer.json()["confirmed"] is True and not mails().exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"address": ""}, "address"),
        ({"address": None}, "address"),
        ({"address": 5}, "address"),
        ({"address": "alice"}, "address"),
        ({"address": "alice@example.org\r\nBcc: eve@example.org"}, "address"),
        ({"address": "alice@example.org, eve@example.org"}, "address"),
        ({"address": '"a\u0001b"@example.org'}, "address"),
        ({"address": "alice@[127.0.0.1]"}, "address"),
        ({"address": f"{'a' * 300}@example.org"}, "address"),
        ({"muted": ["everything"]}, "muted.0"),
        ({"muted": "all"}, "muted"),
        ({"adress": "alice@example.org"}, "adress"),
        ({"address": "new@example.org", "muted": ["x"]}, "muted.0"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(office, client_of, alice, body, field):
    before = give_address(alice)
    answer = client_of(alice).put(URL, body)
    assert answer.status_code == 400 and field in answer.json()["fields"]
    kept = MailAddress.objects.get()
    assert (kept.address, kept.muted, kept.confirmed_at) == (before.address, [], before.confirmed_at)
    assert not mails().exists()


def test_without_an_address_nothing_can_be_muted(client_of, alice):
    answer = client_of(alice).put(URL, {"muted": ["digest"]})
    assert answer.status_code == 409 and "muted" in answer.json()["fields"]


def test_without_a_server_it_says_so(client_of, alice):
    answer = client_of(alice).put(URL, {"address": "alice@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (503, "mail_not_configured")
    assert client_of(alice).get(URL).json() == EMPTY | {"available": False}


def test_nobody_is_flooded_with_links(office, client_of, alice, mallory, counted_limits):
    client = client_of(alice)
    for number in range(5):
        assert client.put(URL, {"address": f"a{number}@example.org"}).status_code == 200
    assert client.put(URL, {"address": "a5@example.org"}).status_code == 429
    assert MailAddress.objects.get().address == "a4@example.org"


def test_one_mailbox_is_not_flooded_by_many_accounts(office, client_of, counted_limits):
    from accounts.models import User

    people = [User.objects.create_user(f"person{number}") for number in range(6)]
    answers = [client_of(one).put(URL, {"address": "Victim@example.org"}).status_code for one in people]
    assert answers == [200] * 5 + [429]


def test_it_is_forgotten_and_what_waits_goes_nowhere(office, client_of, alice, moira, ticket):
    give_address(alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    pass_by()
    client = client_of(alice)
    assert client.delete(URL).status_code == 200
    assert client.delete(URL).status_code == 404
    with office.drained():
        wait(lambda: not mails().waiting().exists())
    assert not office.taken and client.get(URL).json() == EMPTY


@pytest.fixture
def mail(office, ticket, alice, moira):
    give_address(alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    pass_by()
    with office.drained():
        return office.arrives()


def test_a_mail_program_unsubscribes_with_one_click(mail, browser, alice):
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = unsubscribing(mail)
    assert browser.get(path).status_code == 200
    assert MailAddress.objects.get().muted == []  # scanners look at links
    for _click in range(2):
        answer = browser.post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert MailAddress.objects.get().muted == ["missed"]


@pytest.mark.parametrize("what", ["missed", "new_message", "all"])
def test_a_person_chooses_what_they_are_spared(what, mail, browser, office, ticket, moira):
    path = path_in(mail, "unsubscribe")
    assert f'value="{what}"' in browser.get(path).content.decode()
    assert browser.post(path, {"what": what}).status_code == 200
    assert MailAddress.objects.get().muted == [what]
    services.post_message(ticket.public_id, moira, "Hello again")
    do_jobs()
    assert mails().count() == 1


def test_what_the_mail_was_not_about_cannot_be_chosen(mail, browser):
    for what in ("digest", "incident", "x", "new_message\0"):
        assert browser.post(unsubscribing(mail), {"what": what}).status_code == 400
    assert MailAddress.objects.get().muted == []


def test_a_changed_token_does_nothing(mail, browser):
    path = unsubscribing(mail)
    for wrong in (path[:-2], path.replace("token=", "token=x"), "/mail/unsubscribe"):
        assert browser.post(wrong, {"List-Unsubscribe": "One-Click"}).status_code == 400
    assert MailAddress.objects.get().muted == []


def test_who_had_the_address_before_unsubscribes_nobody_else(mail, browser, alice):
    MailAddress.objects.filter(user=alice).update(address="new@example.org")
    assert browser.post(unsubscribing(mail)).status_code == 200
    assert MailAddress.objects.get().muted == []


def test_links_do_not_come_into_the_logs(mail, browser, alice):
    for path in (unsubscribing(mail), urlsplit(links.confirm_url(alice.pk, "alice@example.org"))):
        path = path if isinstance(path, str) else f"{path.path}?{path.query}"
        [token] = parse_qs(urlsplit(path).query)["token"]
        browser.get(path)
        browser.post(path, {"what": "x"})
        browser.put(path)
        logging.getLogger("django.server").warning("GET %s 400", path)  # as `runserver` says it
        written = (site.DATA_DIR / "logs" / "hazebot-api.log").read_text()
        assert urlsplit(path).path in written
        assert token not in written and token[:30] not in written
