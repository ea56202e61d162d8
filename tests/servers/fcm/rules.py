"""What FCM refuses in a message of the right shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.servers.fcm.errors import invalid
from tests.servers.fcm.shapes import TARGETS

BIGGEST, BIGGEST_TO_TOPIC = 4096, 2048
LONGEST_TTL = 28 * 24 * 3600
RESERVED = {"from", "message_type", "gcm"}
RESERVED_PREFIXES = ("google.", "gcm.")
TOPIC = re.compile(r"[a-zA-Z0-9-_.~%]+")
CONDITION = re.compile(r"\s*('(?P<topic>[^']+)'\s+in\s+topics|(?P<sign>&&|\|\||!|\(|\)))\s*")
MOST_TOPICS = 5
SIDE_BY_SIDE = re.compile(r"(True|False|\)) (True|False|\()")
SIGNS = {"&&": "and", "||": "or", "!": "not"}


def check(message: dict[str, Any]) -> None:
    """Raises Refused."""
    if not any(message.get(name) for name in TARGETS):
        raise invalid("message", "Recipient of the message is not set.")
    if "topic" in message and not TOPIC.fullmatch(message["topic"]):
        raise invalid("message.topic", "Invalid topic name specified.")
    if "condition" in message:
        holds(message["condition"], set())
    check_data(message)
    check_android(message.get("android", {}))
    link = message.get("webpush", {}).get("fcm_options", {}).get("link")
    if link is not None and not link.startswith("https://"):
        raise invalid("message.webpush.fcm_options.link", "The link must be a HTTPS URL.")
    check_size(message)


def check_data(message: dict[str, Any]) -> None:
    for field in ("data", "android.data", "webpush.data"):
        for key in inside(message, field):
            if key in RESERVED or key.startswith(RESERVED_PREFIXES):
                raise invalid(f"message.{field}", f"Invalid data payload key: {key}")


def inside(message: dict[str, Any], path: str) -> dict[str, Any]:
    for name in path.split("."):
        message = message.get(name, {})
    return message


def check_android(android: dict[str, Any]) -> None:
    if (ttl := android.get("ttl")) and not 0 <= float(ttl[:-1]) <= LONGEST_TTL:
        raise invalid("message.android.ttl", f"Invalid value at 'message.android.ttl': {ttl}")
    color = android.get("notification", {}).get("color")
    if color is not None and not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        raise invalid("message.android.notification.color", "Invalid color: it is not #rrggbb.")


def check_size(message: dict[str, Any]) -> None:
    most = BIGGEST_TO_TOPIC if {"topic", "condition"} & message.keys() else BIGGEST
    android = message.get("android", {})
    shown = message.get("notification", {}) | android.get("notification", {})
    if sum(sizes(android.get("data") or message.get("data", {}))) + sum(sizes(shown)) > most:
        raise invalid("message", "Android message is too big")
    if size(message.get("apns", {}).get("payload", {})) > BIGGEST:
        raise invalid("message.apns.payload", "APNs payload is too big")
    if size(message.get("webpush", {}).get("notification", {})) > BIGGEST:
        raise invalid("message.webpush", "Web push message is too big")


def sizes(values: dict[str, Any]) -> Iterator[int]:
    """Keys count as well as values."""
    for key, value in values.items():
        yield len(key.encode()) + len((value if isinstance(value, str) else json.dumps(value)).encode())


def size(payload: dict[str, Any]) -> int:
    return len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())


def holds(condition: str, topics: set[str]) -> bool:
    """Whether somebody with these topics is meant. Raises Refused when the condition is none."""
    place, count, expression = 0, 0, []
    while place < len(condition):
        part = CONDITION.match(condition, place)
        if part is None:
            raise invalid("message.condition", "Invalid condition expression provided.")
        topic, sign = part["topic"], part["sign"]
        count += topic is not None
        expression.append(str(topic in topics) if topic is not None else SIGNS.get(sign, sign))
        place = part.end()
    joined = " ".join(expression)
    try:
        if SIDE_BY_SIDE.search(joined):
            raise SyntaxError(joined)
        # Nothing but True, False, the three operators and brackets is left of it here.
        result = bool(eval(joined, {"__builtins__": {}}))
    except SyntaxError:
        raise invalid("message.condition", "Invalid condition expression provided.") from None
    if count > MOST_TOPICS:
        raise invalid("message.condition", f"More than {MOST_TOPICS} topics in the condition.")
    return result
