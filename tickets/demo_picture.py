"""A screenshot for the demo data: somebody writes in a chat what nobody should answer."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

SIZE = (960, 396)
GROUND, BAR, NAME, FAINT, TEXT, AVATAR = "#313338", "#2b2d31", "#f2f3f5", "#949ba4", "#dbdee1", "#c2185b"
SAID = (
    ("jule", "Today at 09:12", ("hey, quick one for the cup on saturday",)),
    (
        "jule",
        "Today at 09:13",
        ("send me your steam login, i add you to the list", "the mods know, promise"),
    ),
)


def picture_of_a_chat() -> bytes:
    image = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(image)
    name, text, small = (ImageFont.load_default(size) for size in (30, 28, 22))
    draw.rectangle((0, 0, SIZE[0], 72), fill=BAR)
    draw.text((32, 20), "# looking-for-group", font=name, fill=NAME)
    top = 104
    for author, at, lines in SAID:
        draw.ellipse((32, top, 104, top + 72), fill=AVATAR)
        draw.text((68, top + 36), author[0].upper(), font=name, fill=NAME, anchor="mm")
        draw.text((128, top), author, font=name, fill=NAME)
        draw.text((128 + draw.textlength(author, font=name) + 20, top + 7), at, font=small, fill=FAINT)
        for line in lines:
            top += 44
            draw.text((128, top), line, font=text, fill=TEXT)
        top += 84
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
