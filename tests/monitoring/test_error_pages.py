"""What refuses and what fails is said in the language of the page."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.monitoring.stock import make_monitor

pytestmark = pytest.mark.django_db
NOTHING = {"en": "There is nothing here.", "de": "Hier ist nichts.", "ar": "لا يوجد شيء هنا."}
FORBIDDEN = {"en": "You may not do that.", "de": "Das dürfen Sie nicht.", "ar": "لا يحق لك فعل ذلك."}
LANGUAGES = ("en", "de", "ar")


def signed_in(user, language: str, **options) -> Client:
    client = Client(headers={"Accept-Language": language}, **options)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def said(answer) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path", ["/status/no-such-page", "/badge/4711.svg", "/monitors/4711/", "/monitors/no-such-thing"]
)
def test_what_is_not_there(ada, path, language):
    answer = signed_in(ada, language).get(path)
    assert answer.status_code == 404
    assert NOTHING[language] in said(answer)
    assert (f'lang="{language}"' in said(answer), 'dir="rtl"' in said(answer)) == (True, language == "ar")
    assert answer["Content-Language"] == language and "Accept-Language" in answer["Vary"]


def test_a_language_that_was_asked_for_or_kept_comes_before_the_browsers(client):
    assert NOTHING["de"] in said(client.get("/status/no-such-page?language=de"))
    client.cookies["django_language"] = "ar"
    assert NOTHING["ar"] in said(client.get("/status/no-such-page", headers={"Accept-Language": "de"}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_for_them(alice, ada, language):
    answer = signed_in(alice, language).get("/monitors/")
    assert (answer.status_code, FORBIDDEN[language] in said(answer)) == (403, True)
    # Of another site's form Django itself makes the answer.
    answer = signed_in(ada, language, enforce_csrf_checks=True).post("/monitors/1/pause")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This monitor is paused. Resume it first."),
        ("de", "Dieser Monitor ist pausiert. Setzen Sie ihn erst fort."),
    ],
)
def test_what_a_service_refuses(ada, language, sentence):
    client = signed_in(ada, language)
    monitor = make_monitor("Shop", "paused", active=False)
    client.post(f"/monitors/{monitor.pk}/check-now")
    assert sentence in said(client.get(f"/monitors/{monitor.pk}/"))


def test_the_api_stays_english(client):
    answer = client.get("/api/no-such-call", headers={"Accept-Language": "de"})
    assert "There is no such call in this API." in said(answer)
