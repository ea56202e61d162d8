"""What is attached to messages: the bytes once, however often they are sent."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.crypto import get_random_string

from tickets.models.conversation import Message


def new_attachment_id() -> str:
    return get_random_string(20)


def place_of(digest: str, _name: str = "") -> str:
    """By content, not by the sender's name: nothing a person typed becomes a path.

    Different each time: what is swept away is never in the place of what comes after it.
    """
    return f"files/{digest[:2]}/{digest}-{get_random_string(8)}"


class StoredFile(models.Model):
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the bytes.")
    file = models.FileField(upload_to=place_of, max_length=120)
    content_type = models.CharField(max_length=100, help_text="As sniffed, never as claimed.")
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)  # when somebody last sent it

    def __str__(self) -> str:
        return f"{self.content_type}, {self.size} bytes"

    @property
    def place(self) -> str:
        """Its name in the storage."""
        return str(self.file.name)


class Attachment(models.Model):
    """One file of one message. Who may see the message may read it, nobody else."""

    public_id = models.CharField(max_length=32, unique=True, default=new_attachment_id, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    stored = models.ForeignKey(StoredFile, models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name
