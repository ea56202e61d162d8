"""What a channel's `config` may hold, by type: its shape is in the API's document, the rest does not fit."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import httpx
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from standardwebhooks import Webhook as Signer

from accounts.roles import STAFF
from hazesite.fields import Changes, Flag, Strict, Text, Whole, unfit
from hazesite.schema_fields import SOMETHING
from monitoring.models import NotificationChannel

Type = NotificationChannel.Type
HIDDEN = "…"
METHODS = ("POST", "PUT", "PATCH", "GET")
MAX_HEADERS, MAX_ADDRESSES, MAX_TEXT = 20, 20, 500
OURS = ("host", "content-length", "transfer-encoding", "connection", "webhook-id")
"""Headers that are not a channel's to set."""


class Line(Text):
    """A text of one line. A subclass says in `flaw` what else there is against it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_TEXT, required=options.pop("required", False), **options)

    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        if not value.isprintable():
            raise unfit(_("It must be a text of one line."))
        if flaw := self.flaw(value):
            raise unfit(flaw)

    def flaw(self, text: str) -> str | Promise:
        return ""


class Address(Line):
    """An URL: of it only the host is shown, since the rest lets whoever knows it post."""

    pattern = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\u0000]+\Z"
    default_error_messages = {"invalid": _("It must be an address that begins with https:// or http://.")}

    def flaw(self, text: str) -> str | Promise:
        try:
            address = httpx.URL(text)
        except httpx.InvalidURL:
            address = httpx.URL()
        return "" if address.host and not address.userinfo else self.error_messages["invalid"]


class MailAddresses(Line):
    """Separated by commas."""

    pattern = r"^[^@\u0000]+@[^\u0000]+\Z"
    most = MAX_ADDRESSES
    default_error_messages = {"invalid": _("E-mail addresses, separated by commas.")}

    def flaw(self, text: str) -> str | Promise:
        found = addresses_in(text)
        try:
            for one in found:
                validate_email(one)
        except ValidationError:
            found = []
        return "" if 0 < len(found) <= self.most else self.error_messages["invalid"]


class MailAddress(MailAddresses):
    most = 1
    default_error_messages = {"invalid": _("One e-mail address.")}


def addresses_in(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


class SigningKey(Line):
    pattern = rf"^(?:whsec_[A-Za-z0-9+/]{{32,86}}={{0,2}}|{HIDDEN})\Z"
    default_error_messages = {"invalid": _("It must be whsec_ and 24 to 64 bytes as base64.")}

    def flaw(self, text: str) -> str | Promise:
        """Of what stands for a stored one nothing: whoever stores it puts that in its place before."""
        try:
            if text != HIDDEN:
                Signer(text)
                if not 24 <= len(b64decode(text.removeprefix("whsec_"))) <= 64:
                    return self.error_messages["invalid"]
        except Exception:  # whatever base64 or the library thinks of it
            return self.error_messages["invalid"]
        return ""


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": MAX_HEADERS,
        "additionalProperties": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT,
            "pattern": SOMETHING,
        },
    }
)
class ChannelHeaders(serializers.DictField):
    child = Line()

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, dict) and len(data) > MAX_HEADERS:
            raise serializers.ValidationError(
                _("Headers by name, at most %(count)s.") % {"count": MAX_HEADERS}
            )
        headers: dict[str, str] = super().to_internal_value(data)
        for name, content in headers.items():
            if flaw := _header_flaw(name, content):
                raise unfit(flaw, field=name)
        return headers


def _header_flaw(name: str, content: str) -> str | Promise:
    if not (name.isascii() and name.replace("-", "").isalnum()) or name.lower() in OURS:
        return _("This header cannot be set.")
    return "" if content == HIDDEN or content.isascii() else _("Only ASCII characters.")


class OfEmail(Strict):
    to_email = MailAddresses(required=True, help_text="Addresses, separated by commas.")
    smtp_server = Line(help_text="None: the site's own.")
    smtp_port = Whole(min_value=1, max_value=65535, required=False)
    username = Line()
    password = Line()
    from_email = MailAddress()
    use_tls = Flag(required=False)


class OfWebhook(Strict):
    url = Address(required=True)
    method = serializers.ChoiceField(METHODS, required=False)
    headers = ChannelHeaders(required=False)
    timeout = Whole(min_value=1, max_value=60, required=False, help_text="Seconds.")
    secret = SigningKey(help_text="Of Standard Webhooks: `whsec_` and 24 to 64 bytes as base64.")


class OfChat(Strict):
    webhook_url = Address(required=True)


class OfPush(Strict):
    roles = serializers.ListField(
        child=serializers.ChoiceField([role.value for role in STAFF]),
        min_length=1,
        max_length=20,
        required=False,
        help_text="None: all of the staff.",
    )


FORMS: Mapping[str, type[Strict]] = {
    Type.EMAIL: OfEmail,
    Type.WEBHOOK: OfWebhook,
    Type.SLACK: OfChat,
    Type.DISCORD: OfChat,
    Type.PUSH: OfPush,
}


def needed_keys(type_: str) -> list[str]:
    return [name for name, field in FORMS[type_]().fields.items() if field.required]


class ChannelConfigIn(Changes, OfEmail, OfWebhook, OfChat, OfPush):
    """The keys of all types. Those of another type do not fit, nor does one without those that it needs.

    `email`: `to_email`, and `smtp_server`, `smtp_port`, `username`, `password`, `from_email`, `use_tls`.
    `webhook`: `url`, and `method`, `headers`, `timeout`, `secret`. `slack`, `discord`: `webhook_url`.
    `push`: `roles`.
    """
