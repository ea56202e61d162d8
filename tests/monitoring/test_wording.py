"""What the pages say is said in every language, and what is compiled is what was translated."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import translation

from monitoring.pages import wording

APP = Path(wording.__file__).parents[1]
IN_TEMPLATE = re.compile(r"""\{% (?:block)?translate (['"])(.+?)\1""")
IN_BLOCK = re.compile(
    r"\{% blocktranslate(?: with [^%]*| count [^%]*)? %\}(.+?)\{% (?:plural|endblocktranslate) %\}"
)
LANGUAGES = ("de", "ar")


def said_in_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if node.func.id in ("_", "gettext_lazy", "ngettext") and isinstance(first, ast.Constant):
                yield str(first.value)


def said_in_templates(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    yield from (found[2] for found in IN_TEMPLATE.finditer(text))
    for found in IN_BLOCK.finditer(text):
        yield re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", found[1])


def everything_said() -> set[str]:
    code = [*(APP / "pages").glob("*.py"), *(APP / "templatetags").glob("*.py")]
    pages = (APP / "templates/monitoring").glob("*.html")
    said = {text for path in code for text in said_in_python(path)}
    return said | {text for path in pages for text in said_in_templates(path)}


SAME = {"Ping", "Port", "Push", "There is no such call in this API."}
"""What is called so everywhere, and what is said by the API."""
REFUSALS = (
    "monitoring/errors.py", "monitoring/monitor_settings.py", "monitoring/settings_fields.py",
    "monitoring/services/*.py", "monitoring/types/*.py", "monitoring/alerts/configs.py",
    "hazesite/errors.py", "hazesite/pages.py",
)  # fmt: skip


def refusals() -> set[str]:
    """What a form or a button of the pages may be answered. Texts for the API alone are among them."""
    return {text for where in REFUSALS for path in APP.parent.glob(where) for text in said_in_python(path)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_are_said_in_each_language(language):
    with translation.override(language):
        unsaid = {text for text in refusals() if translation.gettext(text) == text}
    assert unsaid <= SAME, unsaid


def catalogue(language: str) -> dict[object, str]:
    with (APP / f"locale/{language}/LC_MESSAGES/django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]


def translated(language: str) -> dict[str, str]:
    """The simple entries of the text that people translate."""
    text = (APP / f"locale/{language}/LC_MESSAGES/django.po").read_text(encoding="utf-8")
    found = re.finditer(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n)+)', text, re.MULTILINE)
    joined = [
        ["".join(map(ast.literal_eval, part.split("\n")[:-1])) for part in one.groups()] for one in found
    ]
    return {original: said for original, said in joined if original}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_said_in_each_language(language):
    known = catalogue(language)
    assert {text for text in everything_said() if text not in known and (text, 0) not in known} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_was_translated(language):
    known, said = catalogue(language), translated(language)
    assert len(said) > 200
    assert {text: known.get(text) for text in said} == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_same_places_to_fill(language):
    place = re.compile(r"%\(\w+\)s|\{\w+")
    for original, said in translated(language).items():
        assert sorted(place.findall(original)) == sorted(place.findall(said)), original


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (9000, "2h 30m", "2 h 30 min"),
        (45, "45s", "45 s"),
        (3600, "1h", "1 h"),
        (90000, "1d 1h", "1 T 1 h"),
        (61, "1m 1s", "1 min 1 s"),
        (-5, "0s", "0 s"),
    ],
)
def test_durations_are_short_and_in_the_readers_language(seconds, english, german):
    assert wording.duration(timedelta(seconds=seconds)) == english
    with translation.override("de"):
        assert wording.duration(timedelta(seconds=seconds)) == german


def test_only_what_was_never_down_is_a_hundred_percent():
    assert wording.percent(100) == "100%"
    assert wording.percent(99.99999) == "99.99%"
    assert wording.percent(None) == wording.NOTHING
    with translation.override("de"):
        assert wording.percent(99.5) == "99,50 %"
