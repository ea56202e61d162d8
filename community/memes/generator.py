"""Texts on templates: wrapped, as large as fits, outlined where the picture shines through."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from font_roboto import RobotoBlack
from PIL import Image, ImageDraw, ImageFont

from accounts.models import User
from botconfig.services import read_section
from community.memes.templates import TEMPLATES, Box, Draw, Template
from hazesite import ratelimits
from hazesite.errors import NotFound, Unfit

LONGEST_TEXT = 200
MOST_TEXTS = max(len(one.boxes) for one in TEMPLATES.values())
LARGEST, SMALLEST, STEP = 64, 12, 4
MEMES_PER_USER = "30/m"


class UnknownTemplate(NotFound):
    code = "unknown_template"
    message = _("There is no template of that name.")


def generate_meme(user: User, template: str, texts: Sequence[str]) -> bytes:
    """A PNG. Raises `UnknownTemplate`, `Unfit` for more texts than it has boxes, `TooMany`."""
    found = template_named(template)
    if len(texts) > len(found.boxes):
        sentence = _("%(template)s has room for %(count)s.") % {
            "template": template,
            "count": len(found.boxes),
        }
        raise Unfit(sentence, fields={"texts": [str(sentence)]})
    ratelimits.spend("meme-generator", user.pk, MEMES_PER_USER)
    picture = Image.open(io.BytesIO(blank_png(template)))
    draw = ImageDraw.Draw(picture)
    for box, text in zip(found.boxes, texts, strict=False):
        _write(draw, box, _clean(text), found)
    return _png(picture)


def template_named(name: str) -> Template:
    """Raises `UnknownTemplate`."""
    if name not in TEMPLATES:
        raise UnknownTemplate
    return TEMPLATES[name]


def blank_png(name: str) -> bytes:
    """Without texts; drawn once in `templates_cache_duration`. Raises `UnknownTemplate`."""
    template = template_named(name)
    key = f"meme-template:{name}"
    drawn: bytes | None = cache.get(key)
    if drawn is None:
        drawn = _png(template.blank())
        cache.set(key, drawn, cache_seconds())
    return drawn


def cache_seconds() -> int:
    """How long templates are kept, here and by clients."""
    seconds: int = read_section("meme").values["templates_cache_duration"]
    return seconds


def _png(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


def _clean(text: str) -> str:
    """One blank for each stretch of blanks, line breaks kept, nothing that cannot be seen."""
    lines = ("".join(one if one.isprintable() else " " for one in line) for line in text.splitlines())
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def _write(draw: Draw, box: Box, text: str, template: Template) -> None:
    if not text:
        return
    size, lines = _fitted(text, box)
    outline = 0 if template.dark else max(1, size // 14)
    draw.multiline_text(
        ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),
        "\n".join(lines),
        fill="#1b1b1e" if template.dark else "white",
        font=font(size),
        anchor="mm",
        align="center",
        spacing=_spacing(size),
        stroke_width=outline,
        stroke_fill="black",
    )


def _fitted(text: str, box: Box) -> tuple[int, list[str]]:
    """The largest letters with which it fits, and its lines; of what never does, as much as there is room."""
    width, height = box[2] - box[0], box[3] - box[1]
    for size in range(LARGEST, SMALLEST - 1, -STEP):
        lines = wrapped(text, size, width)
        if len(lines) * (size + _spacing(size)) <= height:
            return size, lines
    room = max(1, height // (SMALLEST + _spacing(SMALLEST)))
    return SMALLEST, [*lines[: room - 1], f"{lines[room - 1]}…"]


def _spacing(size: int) -> int:
    return max(2, size // 5)


@lru_cache((LARGEST - SMALLEST) // STEP + 1)
def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(RobotoBlack, size)


@lru_cache(8192)
def _letter(letter: str, size: int) -> float:
    return font(size).getlength(letter)


def _length(text: str, size: int) -> float:
    """Without kerning, which would have to be measured anew for each letter more."""
    return sum(_letter(letter, size) for letter in text)


def wrapped(text: str, size: int, width: int) -> list[str]:
    """Lines of at most this width; a word that is longer is cut."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".strip()
            if _length(longer, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _cut(word, size, width)
            lines.extend(whole)
        lines.append(line)
    return lines


def _cut(word: str, size: int, width: int) -> list[str]:
    pieces, piece = [], ""
    for letter in word:
        if piece and _length(piece + letter, size) > width:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece]
