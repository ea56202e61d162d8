"""What a monitor may be set to: each setting by itself, then all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from hazesite.api import refused_by
from hazesite.fields import Changes, Flag, Number, Strict, Text, Whole
from hazesite.schema_fields import lacks
from monitoring import kinds
from monitoring.errors import DoesNotFit
from monitoring.models import Monitor, Severity
from monitoring.models.monitors import default_interval, default_timeout
from monitoring.settings_fields import METHODS, Headers, Host, Options, StatusCodes, Url
from monitoring.targets import Target, is_this_site, target_of_url

MAX_INTERVAL, SHORTEST, LONGEST = 3600, 5, 120
MAX_MS, MAX_KEY = 600_000, 2**63 - 1
TEXTS = ("description", "url", "host", "body", "expected_text")
COLUMNS = (
    "name", "description", "type", "url", "host", "port", "method", "headers", "body", "expected_status",
    "expected_text", "options", "uses_monitoring_token", "interval", "timeout", "retries", "retry_interval",
    "severity", "response_time_warning_ms", "response_time_critical_ms", "active",
)  # fmt: skip
EMPTY: dict[str, Any] = {"required": False, "allow_blank": True, "allow_null": True}
KEY: dict[str, Any] = {"min_value": 1, "max_value": MAX_KEY}
MISSING = _("It is needed for a monitor of this type.")


class Kind(Text):
    """The name of a type of monitors; which there are depends on the packages that are installed."""

    default_error_messages = {"unknown": _("There is no such type; there are {names}.")}

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in kinds.names():
            self.fail("unknown", names=", ".join(kinds.names()))
        return name


class KindShape(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Looked up when the document is drawn: packages bring types of their own."""

    target_class = Kind
    priority = 1

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "enum": kinds.names()}


class Interval(Whole):
    """As often as this installation allows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=settings.MONITOR_MIN_INTERVAL, max_value=MAX_INTERVAL, **options)


class MonitorIn(Strict):
    name = Text(max_length=150)
    description = Text(max_length=500, **EMPTY)
    type = Kind()
    url = Url(max_length=2000, **EMPTY)
    host = Host(max_length=255, **EMPTY)
    port = Whole(min_value=1, max_value=65535, required=False, allow_null=True)
    method = serializers.ChoiceField(METHODS, required=False)
    headers = Headers(
        required=False,
        help_text="By name, never given back: an answer has `header_names`. It replaces all headers; a value "
        "of null keeps the one that is stored.",
    )
    body = Text(max_length=100_000, **EMPTY)
    expected_status = StatusCodes(required=False, help_text="Codes and ranges: `200-299,401`.")
    expected_text = Text(max_length=1000, **EMPTY)
    options = Options(required=False, help_text="What only this type knows.")
    uses_monitoring_token = Flag(required=False, help_text="Only for targets on this site itself.")
    interval = Interval(required=False, help_text="Seconds, at least `MONITOR_MIN_INTERVAL`.")
    timeout = Number(min_value=SHORTEST, max_value=LONGEST, required=False, help_text="Seconds in all.")
    retries = Whole(
        min_value=1,
        max_value=10,
        required=False,
        allow_null=True,
        help_text="Failing attempts in a row that make it down. Null: 1 when critical, else 2.",
    )
    retry_interval = Whole(min_value=1, max_value=MAX_INTERVAL, required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    response_time_warning_ms = Whole(min_value=1, max_value=MAX_MS, required=False, allow_null=True)
    response_time_critical_ms = Whole(min_value=1, max_value=MAX_MS, required=False, allow_null=True)
    active = Flag(required=False, help_text="False pauses it, as `/pause` does.")
    parent = Whole(  # type: ignore[assignment] # the framework's name for something else
        required=False, allow_null=True, **KEY, help_text="While it is down this one is silent."
    )
    tags = serializers.ListField(child=Text(max_length=40), max_length=20, required=False)
    notification_channels = serializers.ListField(
        child=Whole(**KEY), max_length=50, required=False, help_text="Ids. None: the default channels."
    )
    escalation = Whole(required=False, allow_null=True, **KEY, help_text="The id of a policy.")

    def validate_name(self, value: str) -> str:
        return value.strip()

    def validate_tags(self, value: list[str]) -> list[str]:
        return list(dict.fromkeys(tag.strip() for tag in value))

    def validate_notification_channels(self, value: list[int]) -> list[int]:
        return list(dict.fromkeys(value))

    def missing(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _missing(attrs)

    def lacking(self) -> list[dict[str, Any]]:
        of_name: dict[str, list[str]] = {}
        for type_ in kinds.names():
            for name in kinds.needs(type_):
                of_name.setdefault(name, []).append(type_)
        return [lacks(types, _given(name)) for name, types in sorted(of_name.items())]


def _given(name: str) -> dict[str, Any]:
    shape = {"type": "integer"} if name == "port" else {"type": "string", "minLength": 1}
    return {"required": [name], "properties": {name: shape}}


class MonitorChangeIn(Changes, MonitorIn):
    """What is to change of a monitor."""

    new_push_token = Flag(required=False, help_text="True: a new address to call in at; the old one is void.")


def read(given: Any, stored: Monitor | None = None) -> dict[str, Any]:
    """The given settings, each checked by itself; for a new monitor with the defaults of this installation.

    Raises `Invalid` and `Unfit`.
    """
    given, kept = _without_kept_headers(given, stored)
    form = MonitorIn(data=given) if stored is None else MonitorChangeIn(data=given)
    try:
        form.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        raise refused_by(error) from error
    found = dict(form.validated_data)
    for name in TEXTS:
        if name in found:
            found[name] = found[name] or ""
    if "headers" in found:
        found["headers"] = found["headers"] | kept
    return (_defaults(found) | found) if stored is None else found


def _without_kept_headers(given: Any, stored: Monitor | None) -> tuple[Any, dict[str, str]]:
    """Headers that are given as null stay what they are stored as."""
    headers = given.get("headers") if isinstance(given, dict) else None
    if stored is None or not isinstance(headers, dict):
        return given, {}
    names = [name for name, value in headers.items() if value is None and name in stored.headers]
    rest = {name: value for name, value in headers.items() if name not in names}
    return {**given, "headers": rest}, {name: stored.headers[name] for name in names}


def _defaults(found: Mapping[str, Any]) -> dict[str, Any]:
    interval = max(settings.MONITOR_MIN_INTERVAL, min(default_interval(), MAX_INTERVAL))
    timeout = max(SHORTEST, min(default_timeout(), LONGEST, found.get("interval", interval)))
    # A limit that is given alone must not be at odds with the default of the other.
    slow: dict[str, int | None] = {"response_time_warning_ms": 500, "response_time_critical_ms": 1000}
    for name, other in (tuple(slow), tuple(slow)[::-1]):
        if name in found and other not in found and found[name] is not None:
            pair = (found[name], slow[other]) if name.endswith("warning_ms") else (slow[other], found[name])
            slow[other] = slow[other] if (pair[0] or 0) <= (pair[1] or 0) else None
    return {"interval": interval, "timeout": timeout, **slow}


def as_settings(monitor: Monitor) -> dict[str, Any]:
    return {name: getattr(monitor, name) for name in COLUMNS}


def check_together(whole: dict[str, Any]) -> dict[str, Any]:
    """`options` as the type wants them. Raises `DoesNotFit` for what does not go together."""
    wrong = _missing(whole)
    warning, critical = whole.get("response_time_warning_ms"), whole.get("response_time_critical_ms")
    if warning is not None and critical is not None and warning > critical:
        wrong["response_time_warning_ms"] = [_("It must not be above the critical limit.")]
    if whole.get("uses_monitoring_token") and not _is_ours(whole):
        wrong["uses_monitoring_token"] = [_("The token of this site is sent to this site alone.")]
    if wrong:
        raise DoesNotFit.by(wrong)
    return kinds.checked_options(whole["type"], whole.get("options") or {})


def _missing(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [MISSING] for name in kinds.needs(whole["type"]) if not whole.get(name)}


def _is_ours(whole: Mapping[str, Any]) -> bool:
    """And as well protected on the way as the site says it is."""
    url = whole.get("url") or ""
    scheme = settings.PUBLIC_URL.partition(":")[0]
    return bool(url) and url.startswith(f"{scheme}:") and is_this_site(target_of_url(url))


def targets(whole: Mapping[str, Any]) -> list[Target]:
    """What engines will connect to for a monitor of these settings."""
    wanted = kinds.needs(whole["type"])
    if "url" in wanted:
        return [target_of_url(whole["url"])]
    if "host" in wanted and kinds.connects(whole["type"]):
        return [Target(whole["host"], whole.get("port") or kinds.usual_port(whole["type"]), "host")]
    server = whole["options"].get("server")
    return [Target(server, 53, "options.server")] if server else []
