"""Where and by whom a picture was taken is nobody's business: that is left out, the pixels stay as they are.

Nothing is decoded or compressed again. What is kept: pixels, colour profile, transparency, animation, and
which way is up in a JPEG. What goes: everything else of Exif (the place above all), XMP, IPTC, comments, and
whatever follows the end of the picture.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

ORIENTATION = 0x0112
PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT",
    b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
WEBP_DROPPED = {b"EXIF", b"XMP "}
EXIF_AND_XMP = 0x08 | 0x04
SOS, EOI, APP0, APP1, APP2, APP14, COM = 0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE


def without_metadata(data: bytes, content_type: str) -> bytes:
    """The same picture; unchanged where it is built in a way we do not know. It must be decodable."""
    strip = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}.get(content_type)
    return strip(data) if strip else data


def _jpeg(data: bytes) -> bytes:
    kept, found = [data[:2], _upright(data)], list(_segments(data))
    if SOS not in (marker for marker, _segment in found):
        return data
    for marker, segment in found:
        colour = marker == APP2 and segment[4:15] == b"ICC_PROFILE"
        if marker in (APP0, APP14) or colour or not (APP0 <= marker <= 0xEF or marker == COM):
            kept.append(segment)
    return b"".join(kept)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each part; the compressed pixels belong to the part before them."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == EOI:
            break
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == SOS:
            end = _end_of_scan(data, end)
        yield marker, data[at:end]
        at = end
    yield EOI, b"\xff\xd9"


def _end_of_scan(data: bytes, at: int) -> int:
    """The next marker that is neither a stuffed 0xFF nor a restart."""
    while (at := data.find(b"\xff", at)) != -1 and at + 1 < len(data):
        if data[at + 1] not in (0x00, 0xFF, *range(0xD0, 0xD8)):
            return at
        at += 1 if data[at + 1] == 0xFF else 2
    return len(data)


def _upright(data: bytes) -> bytes:
    """A segment that says which way is up, and no more."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
        turned = picture.getexif().get(ORIENTATION, 1)
    if turned not in range(2, 9):
        return b""
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    payload = exif.tobytes()
    return bytes((0xFF, APP1)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if kind in PNG_KEPT:
            kept.append(data[at:end])
        if kind == b"IEND":
            break
        at = end
    return b"".join(kept)


def _webp(data: bytes) -> bytes:
    kept, at, end = [], 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= end:
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        part = data[at : at + 8 + size + size % 2]
        if kind == b"VP8X":
            part = part[:8] + bytes((part[8] & ~EXIF_AND_XMP,)) + part[9:]
        if kind not in WEBP_DROPPED:
            kept.append(part)
        at += 8 + size + size % 2
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
