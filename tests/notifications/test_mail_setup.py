"""What the environment may say of mail, and what is said of it when it is half said."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.test import override_settings
from django.utils.module_loading import import_string

from hazesite import mail_providers
from hazesite.outgoing.models import Delivery
from notifications.mail.models import MailAddress
from notifications.mail.switch import is_on
from tests.notifications.office import give_address, mails, pass_by
from tests.notifications.worker import do_jobs, wait
from tests.outgoing.conftest import draining
from tests.site.test_environment import run, setting
from tickets import services

pytestmark = [pytest.mark.workers, pytest.mark.once]  # each asks a process of its own
State = Delivery.State
SERVER = {"MAIL_SERVER": "smtp.example.org", "MAIL_DEFAULT_SENDER": "Haze <haze@example.org>"}
LOGIN = {"MAIL_USERNAME": "haze@example.org", "MAIL_PASSWORD": "correct-horse"}


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"MAIL_SERVER": "smtp.example.org"}, "MAIL_DEFAULT_SENDER is not set: nothing is mailed"),
        (SERVER | {"MAIL_DEFAULT_SENDER": "haze"}, "MAIL_DEFAULT_SENDER is 'haze'; write haze@example.org"),
        ({"MAIL_PASSWORD": "x"}, "MAIL_SERVER is not set: nothing is mailed"),
        (SERVER | {"MAIL_USERNAME": "haze"}, "MAIL_USERNAME is set and MAIL_PASSWORD is not"),
        (SERVER | {"MAIL_PASSWORD": "haze"}, "MAIL_PASSWORD is set and MAIL_USERNAME is not"),
        (SERVER | LOGIN | {"MAIL_USE_TLS": "false"}, "MAIL_USE_TLS is off: MAIL_PASSWORD goes over the net"),
        ({"MAIL_PROVIDER": "postmark"}, "MAIL_PROVIDER is postmark without MAIL_API_KEY"),
        ({"MAIL_API_KEY": "x"}, "MAIL_API_KEY is set, but MAIL_PROVIDER does not say whose"),
        (SERVER | {"MAIL_PROVIDER": "brevo", "MAIL_API_KEY": "x"}, "MAIL_SERVER is not used"),
    ],
)
def test_what_is_half_configured_is_said_in_a_sentence(tmp_path, environment, sentence):
    found = run(tmp_path, "manage.py", "check", **environment)
    assert found.returncode == 0 and sentence in found.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {},
        SERVER,
        SERVER | LOGIN,
        {"MAIL_SERVER": "smtp.example.org", **LOGIN},
        SERVER | LOGIN | {"MAIL_SERVER": "localhost", "MAIL_USE_TLS": "no"},
        {"MAIL_PROVIDER": "resend", "MAIL_API_KEY": "x", "MAIL_DEFAULT_SENDER": "haze@example.org"},
    ],
)
def test_nothing_is_said_of_what_is_whole(tmp_path, environment):
    assert "MAIL_" not in run(tmp_path, "manage.py", "check", **environment).stderr


def test_an_unknown_provider_is_refused(tmp_path):
    assert (
        "MAIL_PROVIDER is 'pigeon'; it must be one of smtp,"
        in run(tmp_path, "manage.py", "check", MAIL_PROVIDER="pigeon").stderr
    )


@pytest.mark.parametrize(
    ("port", "tls", "expected"),
    [
        ("587", "true", "True False"),
        ("465", "true", "False True"),
        ("465", "false", "False True"),
        ("25", "false", "False False"),
    ],
)
def test_465_is_encrypted_from_the_first_byte(tmp_path, port, tls, expected):
    both = "EMAIL_USE_TLS, settings.EMAIL_USE_SSL"
    assert setting(tmp_path, both, **SERVER, MAIL_PORT=port, MAIL_USE_TLS=tls) == expected


def test_every_provider_is_one_of_the_library():
    for provider in mail_providers.CHOICES:
        backend = import_string(mail_providers.backend(provider))
        if provider != mail_providers.SMTP:
            with override_settings(ANYMAIL=mail_providers.anymail(provider, "a-key")):
                assert backend().timeout == mail_providers.TIMEOUT_SECONDS


# --- a provider's API on loopback ----------------------------------------------------
@contextmanager
def postmark(answers):
    """Takes mail as Postmark does; `answers` are (status, body) of the first requests."""
    taken = []

    class Api(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            ok = {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "To": body["To"]}
            status, said = answers.pop(0) if answers else (200, ok)
            if status == 200:
                taken.append((self.headers["X-Postmark-Server-Token"], body))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def provided(settings, monkeypatch):
    def use(url):
        settings.MAIL_PROVIDER, settings.MAIL_API_KEY = "postmark", "a-key"
        settings.MAIL_DEFAULT_SENDER = "HazeBot <haze@example.org>"
        settings.EMAIL_BACKEND = mail_providers.backend("postmark")
        settings.ANYMAIL = mail_providers.anymail("postmark", "a-key") | {"POSTMARK_API_URL": url}
        monkeypatch.setattr("hazesite.outgoing.services.FIRST_PAUSE_SECONDS", 0.2)

    return use


@pytest.mark.django_db(transaction=True)
@pytest.mark.workers
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, State.SENT),
        ((500, {"Message": "Trouble"}), State.SENT),
        ((429, {"Message": "Slowly"}), State.SENT),
        ((401, {"ErrorCode": 10, "Message": "Wrong key"}), State.SENT),
        ((422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'alice@example.org'."}), State.GIVEN_UP),
        ((422, {"ErrorCode": 402, "Message": "Invalid JSON"}), State.GIVEN_UP),
    ],
)
def test_a_provider_takes_it_instead(answer, state, provided, ticket, alice, moira):
    give_address(alice)
    with postmark([answer] if answer else []) as (url, taken):
        provided(url)
        assert is_on()
        services.post_message(ticket.public_id, moira, "Hello")
        do_jobs()
        pass_by()
        with draining():
            wait(lambda: mails().get().state == state)
    assert len(taken) == (state == State.SENT)
    for key, body in taken:
        assert key == "a-key" and "moira: Hello" in body["TextBody"] and "moira: Hello" in body["HtmlBody"]
        names = {header["Name"] for header in body["Headers"]}
        assert {"Message-ID", "References", "List-Unsubscribe", "List-Unsubscribe-Post"} <= names
    assert MailAddress.objects.get().confirmed_at
