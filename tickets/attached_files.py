"""What may be attached: judged by its bytes, never by what a client says of it."""

from __future__ import annotations

import hashlib
import io
import re
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import PurePath

import filetype
from django.utils.translation import gettext as _
from PIL import Image

from tickets.errors import TooManyPixels, UnsupportedFile
from tickets.picture_metadata import ORIENTATION, without_metadata

MAX_NAME = 200
MAX_PIXELS, MAX_SIDE = 50_000_000, 16_384
PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
TEXT = "text/plain"
# The first ending of each is given to files whose name has none of them.
ENDINGS: dict[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "application/zip": (".zip",),
    "video/mp4": (".mp4", ".m4v"),
    "video/webm": (".webm",),
    "audio/mpeg": (".mp3",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    TEXT: (".txt", ".csv", ".log", ".json", ".md", ".ini", ".cfg", ".yml", ".yaml", ".toml"),
}
SHOWN_BY_BROWSERS = {*PICTURES, TEXT}
SAME = {"image/apng": "image/png", "audio/mp3": "audio/mpeg", "video/x-m4v": "video/mp4"}
MARKUP = re.compile(
    rb"\s*<(?:!doctype|!--|\?|html|head|body|script|svg|iframe|meta|style|link|title)", re.IGNORECASE
)
FORBIDDEN = re.compile(r'[<>:"|?*/\\]')
# A large picture takes 200 MB while it is looked at: one or two at once, not sixteen.
decoding = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Checked:
    """Bytes that may be kept, as they will be kept."""

    data: bytes
    name: str
    content_type: str
    width: int | None = None
    height: int | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def checked(name: str, data: bytes) -> Checked:
    """Raises `UnsupportedFile` for what is not on the list, or is not what it begins as."""
    name = presentable(name)
    content_type = _sniffed(data)
    width = height = None
    if content_type in PICTURES:
        width, height = _measured(data, PICTURES[content_type])
        data = without_metadata(data, content_type)
    elif content_type == TEXT:
        _refuse_disguise(name, data)
    return Checked(data, _fitting(name, content_type), content_type, width, height)


def _sniffed(data: bytes) -> str:
    kind = filetype.guess(data)
    found = SAME.get(kind.mime, kind.mime) if kind else ""
    if found in ENDINGS:
        return found
    if not found and _is_text(data):
        return TEXT
    raise UnsupportedFile


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(ord(letter) < 32 and letter not in "\t\n\r\f\x1b" for letter in set(text))


def _refuse_disguise(name: str, data: bytes) -> None:
    """Pages, drawings and scripts are texts too. So is what claims to be a picture and is none."""
    start = data.removeprefix(b"\xef\xbb\xbf")
    ending = PurePath(name).suffix.lower()
    claims_more = any(ending in endings for kind, endings in ENDINGS.items() if kind != TEXT)
    if claims_more or MARKUP.match(start) or start.startswith(b"#!"):
        raise UnsupportedFile


def _measured(data: bytes, kind: str) -> tuple[int, int]:
    """Width and height as shown, of a picture that can be decoded."""
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
                raise TooManyPixels
            with decoding:
                # Of all kinds, a JPEG alone is turned when it is shown.
                turned = kind == "JPEG" and picture.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
                picture.draft("RGB", (512, 512))  # decoded small: that it can be is all we ask
                picture.load()
    except (TooManyPixels, Image.DecompressionBombError) as error:
        raise TooManyPixels from error
    except Exception as error:  # a decoder may fail in any way at bytes made to confuse it
        raise UnsupportedFile(_("This picture is damaged.")) from error
    return (height, width) if turned else (width, height)


def presentable(name: str) -> str:
    """A name to show: no folders, nothing invisible, nothing that turns the direction of reading.

    After such a sign "exe.gpj" reads as "jpg.exe".
    """
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in unicodedata.normalize("NFC", name) if _is_visible(letter))
    return FORBIDDEN.sub("_", " ".join(name.split())).strip(" .")


def _is_visible(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _fitting(name: str, content_type: str) -> str:
    """The name with an ending that says what the bytes are, so that no program mistakes them."""
    endings = ENDINGS[content_type]
    ending = PurePath(name).suffix.lower()
    if ending not in endings:
        name, ending = f"{name or 'file'}{endings[0]}", endings[0]
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - len(ending)] + ending
