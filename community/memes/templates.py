"""Our own pictures to write on. Each is drawn here, from shapes; none is taken from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

WIDTH = 640
Draw = ImageDraw.ImageDraw
Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Template:
    """`boxes` is where texts go, in their order; `dark`: black letters, no outline, for paper and boards."""

    name: str
    title: str
    height: int
    boxes: tuple[Box, ...]
    draw: Callable[[Draw], None]
    dark: bool = False
    hints: tuple[str, ...] = ()

    def blank(self) -> Image.Image:
        picture = Image.new("RGB", (WIDTH, self.height), "#2b2d42")
        self.draw(ImageDraw.Draw(picture))
        return picture


def _face(draw: Draw, x: int, y: int, size: int, mood: str, skin: str = "#ffd166") -> None:
    """`mood`: happy, sad, flat or shocked."""
    draw.ellipse((x - size, y - size, x + size, y + size), fill=skin, outline="#1b1b1e", width=4)
    eye = size // 8 if mood != "shocked" else size // 5
    for side in (-1, 1):
        at = x + side * size // 3
        draw.ellipse((at - eye, y - size // 4 - eye, at + eye, y - size // 4 + eye), fill="#1b1b1e")
    mouth = (x - size // 2, y, x + size // 2, y + size // 2 + size // 8)
    if mood == "happy":
        draw.arc(mouth, 10, 170, fill="#1b1b1e", width=6)
    elif mood == "sad":
        draw.arc((mouth[0], mouth[1] + size // 4, mouth[2], mouth[3] + size // 4), 190, 350, "#1b1b1e", 6)
    elif mood == "flat":
        draw.line((x - size // 3, y + size // 3, x + size // 3, y + size // 3), fill="#1b1b1e", width=6)
    else:
        draw.ellipse((x - size // 5, y + size // 5, x + size // 5, y + size // 2), fill="#1b1b1e")


def _rays(draw: Draw) -> None:
    for place in range(0, WIDTH * 2, 80):
        draw.polygon([(320, 260), (place - 340, -60), (place - 300, -60)], fill="#3d5a80")
        draw.polygon([(320, 260), (place - 340, 540), (place - 300, 540)], fill="#3d5a80")
    _face(draw, 320, 245, 105, "happy")


def _approval(draw: Draw) -> None:
    for top, colour, mood in ((0, "#e07a5f", "sad"), (240, "#81b29a", "happy")):
        draw.rectangle((0, top, 240, top + 240), fill=colour)
        draw.rectangle((240, top, WIDTH, top + 240), fill="#f4f1de")
        _face(draw, 120, top + 120, 80, mood)
    draw.line((0, 240, WIDTH, 240), fill="#1b1b1e", width=4)
    draw.line((240, 0, 240, 480), fill="#1b1b1e", width=4)


def _sign(draw: Draw) -> None:
    draw.rectangle((0, 0, WIDTH, 520), fill="#98c1d9")
    draw.rectangle((0, 430, WIDTH, 520), fill="#6a994e")
    draw.rectangle((300, 250, 340, 500), fill="#7f5539")
    draw.rounded_rectangle((70, 40, 570, 290), 18, fill="#fefae0", outline="#7f5539", width=10)
    _face(draw, 510, 400, 60, "flat")


def _levels(draw: Draw) -> None:
    for place, glow in enumerate(("#5e548e", "#9f86c0", "#f2cc8f", "#fff3b0")):
        top = place * 170
        draw.rectangle((0, top, 400, top + 170), fill="#f4f1de")
        draw.rectangle((400, top, WIDTH, top + 170), fill="#231942")
        for ring in range(place * 2, -1, -1):
            size = 52 + ring * 5
            draw.ellipse((520 - size, top + 85 - size, 520 + size, top + 85 + size), fill=glow)
        _face(draw, 520, top + 85, 48, ("flat", "flat", "happy", "shocked")[place], "#e5989b")
        draw.line((0, top, WIDTH, top), fill="#1b1b1e", width=4)


def _buttons(draw: Draw) -> None:
    draw.rectangle((0, 0, WIDTH, 560), fill="#adb5bd")
    draw.polygon([(40, 300), (600, 300), (560, 110), (80, 110)], fill="#6c757d")
    for x in (190, 450):
        draw.ellipse((x - 80, 190, x + 80, 270), fill="#343a40")
        draw.ellipse((x - 62, 180, x + 62, 245), fill="#d62828")
    draw.rectangle((0, 320, WIDTH, 560), fill="#fcbf49")
    _face(draw, 320, 430, 90, "shocked")
    draw.ellipse((430, 350, 452, 385), fill="#48cae4")


def _notice(draw: Draw) -> None:
    draw.rectangle((0, 0, WIDTH, 480), fill="#14213d")
    for place in range(-40, WIDTH, 80):
        draw.polygon([(place, 0), (place + 40, 0), (place + 80, 40), (place + 40, 40)], fill="#fca311")
        draw.polygon([(place, 440), (place + 40, 440), (place + 80, 480), (place + 40, 480)], fill="#fca311")
    draw.polygon([(320, 90), (410, 240), (230, 240)], fill="#fca311", outline="#000000")
    draw.rectangle((311, 140, 329, 195), fill="#14213d")
    draw.ellipse((310, 206, 330, 226), fill="#14213d")


TEMPLATES: dict[str, Template] = {
    one.name: one
    for one in (
        Template(
            "sunshine", "Sunshine", 480, ((20, 10, 620, 130), (20, 350, 620, 470)), _rays,
            hints=("top", "bottom"),
        ),
        Template(
            "approval", "No to this, yes to that", 480, ((250, 10, 630, 230), (250, 250, 630, 470)),
            _approval, dark=True, hints=("no", "yes"),
        ),
        Template("sign", "A sign", 520, ((90, 55, 550, 275),), _sign, dark=True, hints=("on the sign",)),
        Template(
            "levels", "Four levels", 680, tuple((10, top + 8, 390, top + 162) for top in range(0, 680, 170)),
            _levels, dark=True, hints=("plain", "better", "bright", "beyond"),
        ),
        Template(
            "buttons", "Two buttons", 560, ((60, 10, 310, 105), (330, 10, 580, 105), (20, 470, 620, 550)),
            _buttons, hints=("left", "right", "who sweats"),
        ),
        Template("notice", "Notice", 480, ((30, 250, 610, 430),), _notice, hints=("what is so urgent",)),
    )
}  # fmt: skip
