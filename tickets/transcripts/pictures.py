from __future__ import annotations

import base64
import io

import structlog
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from tickets.attached_files import PICTURES, decoding
from tickets.models import Attachment, Message

logger = structlog.get_logger(__name__)
BUDGET, MOST = 20 * 2**20, 100
SIDE, AS_IT_IS = 1600, 300 * 1024


class Pictures:
    """Copies of attached pictures inside one page: so many bytes in all, large ones scaled down."""

    def __init__(self) -> None:
        self._bytes_left, self._left = BUDGET, MOST

    def of(self, messages: list[Message]) -> dict[str, Attachment]:
        """The attachments of these messages that are pictures, by id. One query, none without any."""
        ids = [
            file["id"]
            for message in messages
            for file in message.attached
            if file["content_type"] in PICTURES
        ]
        rows = Attachment.objects.filter(public_id__in=ids).select_related("stored")
        return {row.public_id: row for row in rows} if ids and self._left else {}

    def inside(self, attachment: Attachment | None) -> str:
        """A `data:` address; empty where the budget is spent, or the bytes are lost."""
        if attachment is None or not self._left:
            return ""
        try:
            content_type, data = _copy(attachment)
        except Exception:  # one picture that cannot be read is no reason to give nobody the page
            logger.warning("picture_not_copied", attachment=attachment.public_id, exc_info=True)
            return ""
        coded = base64.b64encode(data).decode()
        if len(coded) > self._bytes_left:
            return ""
        self._bytes_left -= len(coded)
        self._left -= 1
        return f"data:{content_type};base64,{coded}"


def _copy(attachment: Attachment) -> tuple[str, bytes]:
    stored = attachment.stored
    with default_storage.open(stored.place) as file:
        if stored.size <= AS_IT_IS and max(stored.width or 0, stored.height or 0) <= SIDE:
            return stored.content_type, file.read()
        with decoding, Image.open(file, formats=[PICTURES[stored.content_type]]) as picture:
            picture.draft("RGB", (SIDE, SIDE))
            picture.thumbnail((SIDE, SIDE))
            upright = ImageOps.exif_transpose(picture)
    out = io.BytesIO()
    kept = upright if upright.mode in ("RGB", "RGBA") else upright.convert("RGBA")
    kept.save(out, "WEBP", quality=80, method=2)
    return "image/webp", out.getvalue()
