from __future__ import annotations

from typing import Any

from rest_framework import serializers

from hazesite.fields import Strict
from notifications.mail.topics import MUTABLE


class Email(serializers.EmailField):
    """An ordinary address: no quoted names, no numbers instead of a host."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or any(sign in data for sign in '"[]\\'):
            self.fail("invalid")
        return super().to_internal_value(data)


class MailIn(Strict):
    address = Email(required=False, help_text="A new one counts once the link mailed to it was followed.")
    muted = serializers.ListField(
        child=serializers.ChoiceField(MUTABLE),
        required=False,
        max_length=len(MUTABLE),
        help_text="What is not mailed, all of it: topics, kinds of notifications, or `all`.",
    )


class MailOut(serializers.Serializer[object]):
    address = serializers.CharField(allow_null=True)
    confirmed = serializers.BooleanField()
    muted = serializers.ListField(child=serializers.CharField())
    trouble = serializers.CharField(help_text="Why the address was refused the last time, or empty.")
    available = serializers.BooleanField(help_text="Whether this site mails at all.")
