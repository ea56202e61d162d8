"""Templates, and memes made of them."""

from __future__ import annotations

import io

import pytest
from django.core.cache import cache
from PIL import Image, ImageChops

from botconfig.services import set_by_bot
from community.memes import generator
from community.memes.templates import TEMPLATES, WIDTH, Template

pytestmark = pytest.mark.django_db
GENERATE = "/api/memes/generate"


@pytest.fixture
def member(alice, client_of):
    cache.clear()
    return client_of(alice)


def picture(answer) -> Image.Image:
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def written(box, before, after) -> Image.Image | None:
    """What differs inside the box; None where nothing does."""
    return ImageChops.difference(before.crop(box), after.crop(box)).getbbox()


def test_the_list_says_what_each_takes(member):
    answer = member.get("/api/memes/templates")
    assert answer["Cache-Control"] == "private, max-age=86400"
    found = {one["name"]: one for one in answer.json()["templates"]}
    assert found.keys() == TEMPLATES.keys()
    assert found["levels"]["texts"] == len(found["levels"]["hints"]) == 4
    for one in found.values():
        blank = picture(member.get(one["url"]))
        assert blank.size == (one["width"], one["height"])


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_text_is_in_its_box_and_nowhere_else(member, name):
    template = TEMPLATES[name]
    blank = picture(member.get(f"/api/memes/templates/{name}"))
    for place, box in enumerate(template.boxes):
        texts = ["" if other != place else "Wx " * 60 for other in range(len(template.boxes))]
        made = picture(member.post(GENERATE, {"template": name, "texts": texts}))
        assert written(box, blank, made)
        around = ImageChops.difference(blank, made).getbbox()
        reach = 6  # the outline, and letters that hang below their line
        assert around[0] >= box[0] - reach and around[2] <= box[2] + reach, around
        assert around[1] >= box[1] - reach and around[3] <= box[3] + reach, around


def test_fewer_texts_than_boxes_leave_the_rest_empty(member):
    blank = picture(member.get("/api/memes/templates/approval"))
    made = picture(member.post(GENERATE, {"template": "approval", "texts": ["Only this"]}))
    assert written(TEMPLATES["approval"].boxes[0], blank, made)
    assert not written(TEMPLATES["approval"].boxes[1], blank, made)


@pytest.mark.parametrize(
    "text", ["x" * 200, "Žluťoučký кот Ωμέγα", "a\nb\r\nc", "🦀🦀", "\u202e\u200d\t.", "W" * 200]
)
def test_any_text_is_drawn_or_left_out(member, text):
    for name in TEMPLATES:
        picture(member.post(GENERATE, {"template": name, "texts": [text]}))


def test_long_words_are_cut_and_lines_fit():
    for line in generator.wrapped("short Donaudampfschifffahrtsgesellschaft " + "i" * 100, 32, 200):
        assert generator.font(32).getlength(line) <= 201
    assert generator.wrapped("one two\nthree", 20, 500) == ["one two", "three"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"template": "sign"}, 400),
        ({"template": "sign", "texts": []}, 400),
        ({"template": "sign", "texts": ["", "  "]}, 409),
        ({"template": "sign", "texts": "It works"}, 400),
        ({"template": "sign", "texts": [7]}, 400),
        ({"template": "sign", "texts": ["a\0b"]}, 400),
        ({"template": "sign", "texts": ["x" * 201]}, 400),
        ({"template": "sign", "texts": ["one", "too many"]}, 409),
        ({"template": "sign", "texts": ["x"], "font": "/etc/passwd"}, 400),
        ({"template": "../sign", "texts": ["x"]}, 404),
        ({"template": "unknown", "texts": ["x"]}, 404),
    ],
)
def test_what_cannot_be_made_is_refused(member, body, status):
    answer = member.post(GENERATE, body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json; charset=utf-8")
    assert answer.json()["error"]


def test_a_template_is_drawn_once_in_its_time(member, monkeypatch):
    drawn = []
    blank = Template.blank
    monkeypatch.setattr(Template, "blank", lambda self: drawn.append(self.name) or blank(self))
    for _ in range(3):
        picture(member.post(GENERATE, {"template": "sign", "texts": ["x"]}))
    assert drawn == ["sign"]
    set_by_bot("meme", {"templates_cache_duration": 60})
    assert member.get("/api/memes/templates/sign")["Cache-Control"] == "private, max-age=60"


def test_nobody_makes_them_without_end(member, counted_limits):
    body = {"template": "sign", "texts": ["x"]}
    statuses = [member.post(GENERATE, body).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]


def test_all_are_as_wide_as_they_say():
    for template in TEMPLATES.values():
        assert all(box[2] <= WIDTH and box[3] <= template.height for box in template.boxes)
