"""Files of messages: taking them in, finding them again, clearing them away.

The bytes are stored before the message is: nothing that is shown is ever missing. Bytes that no message
came to use are swept away after an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import IO, Protocol

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from hazesite import ratelimits
from hazesite.errors import NotFound
from hazesite.housekeeping import chore
from tickets.attached_files import Checked, checked
from tickets.errors import FileTooLarge
from tickets.models import KEEP_DELETED, Attachment, Message, StoredFile
from tickets.models.files import place_of
from tickets.services.conversation import add_note, post_message
from tickets.services.locking import require_staff
from tickets.services.reading import visible_ticket

MAX_BYTES, MAX_BYTES_AT_ONCE = 10 * 2**20, 25 * 2**20
FILES_PER_USER, MEGABYTES_PER_USER = "30/m", "500/d"
UNUSED_FOR = timedelta(hours=1)


class Given(Protocol):
    """A file as it comes in, such as Django's `UploadedFile`."""

    @property
    def name(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...
    def read(self) -> bytes: ...


def attach_files(
    ticket_id: str,
    actor: User,
    files: Sequence[Given],
    content: str = "",
    *,
    nonce: str = "",
    source: str = Message.Source.APP,
    is_note: bool = False,
) -> Message:
    """Post a message with files; `content` may be empty. Refused in the same cases as any message.

    Raises `FileTooLarge`, `UnsupportedFile`, and what `post_message` and `add_note` raise.
    """
    if is_note:
        require_staff(actor)
    visible_ticket(ticket_id, actor)
    sizes = [file.size or 0 for file in files]
    if max(sizes) > MAX_BYTES or sum(sizes) > MAX_BYTES_AT_ONCE:
        raise FileTooLarge
    _spend(actor, sizes)
    # One after the other, so that one file at a time is in memory.
    attachments = [_kept(checked(file.name or "", file.read())) for file in files]
    post = add_note if is_note else post_message
    return post(ticket_id, actor, content, nonce=nonce, source=source, attachments=attachments)


def _spend(actor: User, sizes: list[int]) -> None:
    for size in sizes:
        ratelimits.spend("files", actor.pk, FILES_PER_USER)
        for _megabyte in range(size // 2**20 + 1):
            ratelimits.spend("megabytes", actor.pk, MEGABYTES_PER_USER)


def _kept(file: Checked) -> Attachment:
    """Not saved yet: it belongs to no message. Its bytes are stored, once for all who send the same."""
    stored = _reserved(file)
    # Somebody who reserved it before may have been killed before the bytes were written.
    if not default_storage.exists(stored.place):
        default_storage.save(stored.place, ContentFile(file.data))
    return Attachment(stored=stored, name=file.name)


@transaction.atomic
def _reserved(file: Checked) -> StoredFile:
    """The row of these bytes. It is safe from the sweeper for an hour, by which time it is used."""
    facts = {
        "file": place_of(file.digest),
        "content_type": file.content_type,
        "size": len(file.data),
        "width": file.width,
        "height": file.height,
    }
    rows = StoredFile.objects.select_for_update(no_key=True)
    stored, made = rows.get_or_create(digest=file.digest, defaults=facts)
    if not made:
        stored.created_at = timezone.now()
        stored.save(update_fields=["created_at"])
    return stored


def attachment_for(ticket_id: str, attachment_id: str, reader: User) -> Attachment:
    """Raises `NotFound` for what is unknown, deleted, or not for this reader. One query."""
    messages = Message.objects.visible_to(reader).filter(ticket__deleted_at=None)
    if not reader.is_staff:
        messages = messages.filter(ticket__owner=reader)
    rows = Attachment.objects.filter(message__in=messages.filter(ticket__public_id=ticket_id))
    found = rows.select_related("stored").filter(public_id=attachment_id).first()
    if found is None:
        raise NotFound
    return found


def open_attachment(attachment: Attachment) -> IO[bytes]:
    """Its bytes, from the beginning. Raises `NotFound` where the storage has lost them."""
    try:
        return default_storage.open(attachment.stored.place)
    except FileNotFoundError as error:
        raise NotFound from error


@chore
def drop_attachments_of_deleted_messages() -> int:
    gone = timezone.now() - KEEP_DELETED
    dropped, _by_model = Attachment.objects.filter(message__deleted_at__lt=gone).delete()
    return dropped


@chore
def sweep_unused_files() -> int:
    """Bytes that no message has. The row goes first: whoever sends the same again makes a new one."""
    places = []
    with transaction.atomic():
        unused = StoredFile.objects.filter(attachments=None, created_at__lt=timezone.now() - UNUSED_FOR)
        keys = list(unused.values_list("pk", flat=True)[:1000])
        # Locked, they are asked again: somebody may have reserved one meanwhile.
        rows = StoredFile.objects.select_for_update(skip_locked=True, of=("self",))
        for stored in rows.filter(pk__in=keys, created_at__lt=timezone.now() - UNUSED_FOR):
            if not stored.attachments.exists():
                places.append(stored.place)
                stored.delete()
    for place in places:
        default_storage.delete(place)
    return len(places)
