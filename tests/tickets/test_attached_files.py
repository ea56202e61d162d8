"""What may be attached, and as what it is kept."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from tests.tickets.files import HTML, PDF, SVG, archive, photo, picture
from tickets.attached_files import checked, presentable
from tickets.errors import UnsupportedFile


@pytest.mark.parametrize(
    ("data", "name", "content_type", "kept_name"),
    [
        (picture("PNG"), "screen.png", "image/png", "screen.png"),
        (picture("PNG"), "screen.jpg", "image/png", "screen.jpg.png"),
        (picture("PNG"), "page.html", "image/png", "page.html.png"),
        (picture("JPEG"), "photo.JPEG", "image/jpeg", "photo.JPEG"),
        (picture("GIF"), "", "image/gif", "file.gif"),
        (picture("WEBP"), "a.webp", "image/webp", "a.webp"),
        (PDF, "bill.pdf", "application/pdf", "bill.pdf"),
        (archive(), "logs.zip", "application/zip", "logs.zip"),
        (archive(), "game.jar", "application/zip", "game.jar.zip"),
        (b"a,b\n1,2\n", "table.csv", "text/plain", "table.csv"),
        (b'{"a": 1}', "data.json", "text/plain", "data.json"),
        ("Grüße 🦀".encode(), "run.bat", "text/plain", "run.bat.txt"),
        (b"OggS\0\x02" + bytes(40), "voice.ogg", "audio/ogg", "voice.ogg"),
        (b"ID3\x04" + bytes(40), "song.mp3", "audio/mpeg", "song.mp3"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(40), "film.mp4", "video/mp4", "film.mp4"),
        (b"\x1aE\xdf\xa3\x9fB\x82\x84webm" + bytes(40), "film.webm", "video/webm", "film.webm"),
    ],
)
def test_the_bytes_say_what_it_is(data, name, content_type, kept_name):
    file = checked(name, data)
    assert (file.content_type, file.name) == (content_type, kept_name)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (HTML, "page.html"),
        (HTML, "picture.png"),
        (HTML, "notes.txt"),
        (b"\xef\xbb\xbf\n  <HTML><body>", "notes.txt"),
        (SVG, "drawing.svg"),
        (b'<?xml version="1.0"?>' + SVG, "drawing.png"),
        (b"just words", "picture.png"),
        (b"#!/bin/sh\nrm -rf /\n", "run.sh"),
        (b"MZ\x90\0" + bytes(200), "setup.exe"),
        (b"\x7fELF\x02\x01\x01" + bytes(200), "program"),
        (b"GIF89a" + HTML, "cat.gif"),
        (b"\x89PNG\r\n\x1a\n" + HTML, "cat.png"),
        (picture("PNG")[:200], "half.png"),
        (picture("TIFF"), "scan.tiff"),
        (b"\xff\xfe\0\x01 no text", "strange.txt"),
        (b"words\0and zeros", "strange.txt"),
    ],
)
def test_what_is_not_on_the_list_or_not_what_it_claims_is_refused(data, name):
    with pytest.raises(UnsupportedFile):
        checked(name, data)


def bomb(width: int, height: int) -> bytes:
    """A picture that is small until it is decoded."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (16_385, 1), (8000, 6251)])
def test_pictures_that_would_fill_the_memory_are_refused_before_they_are_decoded(size):
    with pytest.raises(UnsupportedFile, match="too many pixels"):
        checked("bomb.png", bomb(*size))


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as shown:
        return shown.tobytes()


def test_a_photo_loses_its_place_and_its_camera_and_stays_upright():
    data = photo()
    assert b"Secretphone" in data and b"Secretcomment" in data
    file = checked("photo.jpg", data)

    assert b"Secret" not in file.data
    with Image.open(io.BytesIO(file.data)) as kept:
        assert dict(kept.getexif()) == {0x0112: 6}
        assert not kept.getexif().get_ifd(0x8825)
    assert pixels(file.data) == pixels(data)
    assert (file.width, file.height) == (30, 40)


def test_progressive_photos_keep_every_pixel():
    data = picture("JPEG", (300, 200), progressive=True, icc_profile=b"a profile of colours")
    file = checked("photo.jpg", data)
    assert pixels(file.data) == pixels(data)
    assert b"a profile of colours" in file.data


def test_what_follows_a_picture_is_no_part_of_it():
    for kind in ("JPEG", "PNG", "WEBP"):
        data = picture(kind)
        file = checked("polyglot", data + archive())
        assert b"log.txt" not in file.data
        assert pixels(file.data) == pixels(data)


def test_texts_inside_pngs_and_exif_of_webps_are_left_out():
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Comment", "Secretplace")
    assert b"Secretplace" not in checked("a.png", picture("PNG", pnginfo=notes)).data

    exif = Image.Exif()
    exif[0x010F] = "Secretphone"
    data = picture("WEBP", exif=exif, lossless=True)
    assert b"Secretphone" in data
    kept = checked("a.webp", data).data
    assert b"Secretphone" not in kept and pixels(kept) == pixels(data)


def test_moving_pictures_keep_moving():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=100)
        with Image.open(io.BytesIO(checked("moving", out.getvalue()).data)) as kept:
            assert kept.n_frames == 3


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo.png", "photo.png"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("a\0b\r\nX-Evil: 1.txt", "ab X-Evil_ 1.txt"),
        ('say "hi" <b>.txt', "say _hi_ _b_.txt"),
        ("..", ""),
        ("Übersicht 🦀.txt", "Übersicht 🦀.txt"),
    ],
)
def test_names_are_fit_to_be_shown(name, shown):
    assert presentable(name) == shown


def test_long_names_keep_their_ending():
    name = checked("x" * 500 + ".txt", b"words").name
    assert len(name) == 200 and name.endswith(".txt")
