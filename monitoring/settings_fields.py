"""The fields of a monitor's settings that the site has no general ones for."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hazesite.fields import Text

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_HEADERS, MAX_OPTIONS = 30, 8000
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,4000}")
# These say where a request ends; the one who sends it sets them.
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})
_CODES = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


class Url(Text):
    default_error_messages = {
        "not_a_url": _("It needs an address that begins with http:// or https://."),
        "with_password": _("No name or password in an address: use the header Authorization."),
    }

    def to_internal_value(self, data: Any) -> str:
        url = super().to_internal_value(data)
        if not url:
            return url
        try:
            parts = httpx.URL(url)
            port = urlsplit(url).port  # it knows how large one can be
        except (httpx.InvalidURL, ValueError):
            self.fail("not_a_url")
        if parts.scheme not in ("http", "https") or not is_host(parts.host) or port == 0:
            self.fail("not_a_url")
        if re.search(r"[\s\\\x00-\x1f\x7f]", url):
            self.fail("not_a_url")
        if parts.userinfo:
            self.fail("with_password")
        return url


class Host(Text):
    default_error_messages = {"not_a_host": _("It needs the name or the address of a host, nothing else.")}

    def to_internal_value(self, data: Any) -> str:
        host = super().to_internal_value(data).removeprefix("[").removesuffix("]")
        if host and not is_host(host):
            self.fail("not_a_host")
        return host


def is_host(host: str) -> bool:
    """Of names in other scripts what the network calls them. No zone of an IPv6 address: it is link-local."""
    with suppress(ValueError):
        return "%" not in host and bool(ipaddress.ip_address(host))
    with suppress(UnicodeError):
        name = host.encode("idna").decode("ascii").removesuffix(".")
        return 0 < len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))
    return False


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "nullable": True}})
class Headers(serializers.Field[Any, Any, Any, Any]):
    """By name. Their values may be secrets: they are never given back."""

    default_error_messages = {
        "not_an_object": _("It needs an object: names of headers and their texts."),
        "too_many": _("At most {most} headers."),
        "name": _("No header can be called {name!r}."),
        "framing": _("{name} is set by whoever sends the request."),
        "value": _("The value of {name} must be one line of at most 4000 characters."),
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if len(data) > MAX_HEADERS:
            self.fail("too_many", most=MAX_HEADERS)
        for name, value in data.items():
            self._check(name, value)
        return dict(data)

    def _check(self, name: Any, value: Any) -> None:
        if not (isinstance(name, str) and _HEADER_NAME.fullmatch(name)):
            self.fail("name", name=str(name)[:100].encode("ascii", "replace").decode())
        if name.casefold() in _FRAMING:
            self.fail("framing", name=name)
        if not (isinstance(value, str) and _HEADER_VALUE.fullmatch(value)):
            self.fail("value", name=name)

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "string", "maxLength": 200})
class StatusCodes(serializers.Field[Any, Any, Any, Any]):
    """Codes and ranges as `200-299,401`; one number, or a list of them, will do too."""

    default_error_messages = {
        "not_codes": _("It needs codes from 100 to 599 and ranges of them, as 200-299,401.")
    }

    def to_internal_value(self, data: Any) -> str:
        parts = data if isinstance(data, list) else [data]
        codes = ",".join(self._text(part) for part in parts).replace(" ", "")
        if len(codes) > 200 or not all(_is_range(part) for part in codes.split(",")):
            self.fail("not_codes")
        return codes

    def _text(self, part: Any) -> str:
        if isinstance(part, bool) or not isinstance(part, (str, int)):
            self.fail("not_codes")
        return str(part)

    def to_representation(self, value: Any) -> Any:
        return value


def _is_range(text: str) -> bool:
    found = _CODES.fullmatch(text)
    return bool(found and text.isascii() and (found[2] is None or found[1] <= found[2]))


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Options(serializers.Field[Any, Any, Any, Any]):
    """What only the type knows; the type judges it."""

    default_error_messages = {
        "not_an_object": _("It needs an object."),
        "too_large": _("That is too much, or nested too deeply."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        try:
            text = json.dumps(data)
        except (TypeError, ValueError, RecursionError):
            self.fail("too_large")
        if len(text) > MAX_OPTIONS or "\\u0000" in text or _depth(data) > 6:
            self.fail("too_large")
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


def _depth(value: Any, so_far: int = 0) -> int:
    if so_far > 6 or not isinstance(value, (dict, list)):
        return so_far
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return max((_depth(one, so_far + 1) for one in inner), default=so_far + 1)
