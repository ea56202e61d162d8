"""The shape of a request to send a message: which fields there are and what they hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Violations = list[tuple[str, str]]
Kind = Callable[[str, Any, Violations], Any]
"""Reads the value at a path: gives it with the names FCM documents, notes what is wrong with it."""

CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def matching(type_name: str, fits: Callable[[Any], Any]) -> Kind:
    def read(path: str, value: Any, found: Violations) -> Any:
        if not fits(value):
            found.append((path, f"Invalid value at '{path}' ({type_name}), {json.dumps(value)}"))
        return value

    return read


def pattern(type_name: str, expression: str) -> Kind:
    compiled = re.compile(expression)
    return matching(type_name, lambda value: isinstance(value, str) and compiled.fullmatch(value))


def choice(type_name: str, *names: str) -> Kind:
    """The case of the names does not matter to the parser."""
    return matching(
        f"type.googleapis.com/google.firebase.fcm.v1.{type_name}",
        lambda value: isinstance(value, str) and value.upper() in names,
    )


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


TEXT = matching("TYPE_STRING", lambda value: isinstance(value, str))
FLAG = matching("TYPE_BOOL", lambda value: isinstance(value, bool))
INTEGER = matching("TYPE_INT32", lambda value: number(value) and value == int(value))
REAL = matching("TYPE_FLOAT", number)
STRUCT = matching("type.googleapis.com/google.protobuf.Struct", lambda value: isinstance(value, dict))
DURATION = pattern("type.googleapis.com/google.protobuf.Duration", r"-?\d+(\.\d{1,9})?s")
TIMESTAMP = pattern(
    "type.googleapis.com/google.protobuf.Timestamp",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)",
)


def texts(path: str, value: Any, found: Violations) -> Any:
    """A map from string to string."""
    if not isinstance(value, dict):
        return STRUCT(path, value, found)
    for place, each in enumerate(value.values()):
        TEXT(f"{path}[{place}].value", each, found)
    return value


def many(kind: Kind) -> Kind:
    def read(path: str, value: Any, found: Violations) -> Any:
        if not isinstance(value, list):
            return matching("repeated", lambda _: False)(path, value, found)
        return [kind(f"{path}[{place}]", each, found) for place, each in enumerate(value)]

    return read


def group(fields: dict[str, Kind]) -> Kind:
    """A message of the protocol. Names may be in camel case; null is as good as left out."""

    def read(path: str, value: Any, found: Violations) -> Any:
        if not isinstance(value, dict):
            found.append((path, f"Invalid value at '{path}' (message), {json.dumps(value)}"))
            return {}
        result = {}
        for given, each in value.items():
            name = CAPITAL.sub(lambda match: "_" + match[1].lower(), given)
            if name not in fields:
                found.append((path, unknown(path, given)))
            elif each is not None:
                result[name] = fields[name](f"{path}.{name}".lstrip("."), each, found)
        return result

    return read


def unknown(path: str, name: str) -> str:
    where = f" at '{path}'" if path else ""
    return f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'


def named(kind: Kind, *names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, kind)


LABELLED = group({"analytics_label": TEXT})
LIGHT_SETTINGS = group(
    {
        "color": group(named(REAL, "red", "green", "blue", "alpha")),
        **named(DURATION, "light_on_duration", "light_off_duration"),
    }
)
ANDROID_NOTIFICATION = group(
    {
        **named(TEXT, "title", "body", "icon", "color", "sound", "tag", "click_action", "body_loc_key"),
        **named(TEXT, "title_loc_key", "channel_id", "ticker", "image"),
        **named(many(TEXT), "body_loc_args", "title_loc_args"),
        **named(FLAG, "sticky", "local_only", "default_sound", "default_vibrate_timings"),
        **named(FLAG, "default_light_settings", "bypass_proxy_notification"),
        "event_time": TIMESTAMP,
        "vibrate_timings": many(DURATION),
        "notification_count": INTEGER,
        "light_settings": LIGHT_SETTINGS,
        "notification_priority": choice(
            "AndroidNotification.NotificationPriority",
            *(f"PRIORITY_{name}" for name in ("UNSPECIFIED", "MIN", "LOW", "DEFAULT", "HIGH", "MAX")),
        ),
        "visibility": choice(
            "AndroidNotification.Visibility", "VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"
        ),
        "proxy": choice(
            "AndroidNotification.Proxy", "PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"
        ),
    }
)
ANDROID = group(
    {
        **named(TEXT, "collapse_key", "restricted_package_name"),
        "priority": choice("AndroidConfig.AndroidMessagePriority", "NORMAL", "HIGH"),
        "ttl": DURATION,
        "data": texts,
        "notification": ANDROID_NOTIFICATION,
        "fcm_options": LABELLED,
        **named(FLAG, "direct_boot_ok", "bandwidth_constrained_ok", "restricted_satellite_ok"),
    }
)
APNS = group(
    {
        "headers": texts,
        "payload": STRUCT,
        "fcm_options": group(named(TEXT, "analytics_label", "image")),
        "live_activity_token": TEXT,
    }
)
WEBPUSH = group(
    {
        **named(texts, "headers", "data"),
        "notification": STRUCT,
        "fcm_options": group(named(TEXT, "link", "analytics_label")),
    }
)
TARGETS = ("fid", "token", "topic", "condition")
MESSAGE = group(
    {
        **named(TEXT, "name", *TARGETS),
        "data": texts,
        "notification": group(named(TEXT, "title", "body", "image")),
        "android": ANDROID,
        "apns": APNS,
        "webpush": WEBPUSH,
        "fcm_options": LABELLED,
    }
)
REQUEST = group({"message": MESSAGE, "validate_only": FLAG})


def read_request(body: Any) -> tuple[dict[str, Any], Violations]:
    """The request with the documented names, and what is wrong with its shape."""
    found: Violations = []
    request = REQUEST("", body, found)
    given = [name for name in TARGETS if name in request.get("message", {})]
    for more in given[1:]:
        taken = (
            f"Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set '{more}'"
        )
        found.append(("message", taken))
    return request, found
