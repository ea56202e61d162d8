"""What a backup of Uptime Kuma (version 1, JSON) asks for, in our own words."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from django.conf import settings

from monitoring import kinds
from monitoring.importing.portable import Skipped, Unusable, Wanted
from monitoring.models import Severity
from monitoring.monitor_settings import LONGEST, MAX_INTERVAL, SHORTEST

Row = dict[str, Any]
TYPES = {"json-query": "json"}
NOT_HERE = {
    "docker": "Containers are not watched: watch what they serve.",
    "group": "A group has no check of its own; its name became a tag of its monitors.",
    "real-browser": "Pages are not opened in a browser: watch the address with type http or keyword.",
}
OPERATORS = ("==", "!=", ">", ">=", "<", "<=", "contains")
CERTIFICATE_DAYS = 14
"""There one is told 21, 14 and 7 days before a certificate ends; here the monitor is down then."""
METHODS_OF_LOGIN = (None, "", "null", "basic")


class CannotBeHad(ValueError):
    """The reason is for people."""


def read(document: Row) -> Wanted:
    """Raises `Unusable`."""
    monitors, channels = document.get("monitorList"), document.get("notificationList") or []
    if not isinstance(monitors, list) or not isinstance(channels, list):
        raise Unusable("monitorList and notificationList must be lists.")
    wanted = Wanted()
    names: dict[str, str] = {}
    for row in channels:
        if channel := _tried(_channel, row, "notification_channels", wanted):
            names[str(row.get("id"))] = channel["name"]
            wanted.channels.append(channel)
    by_key = _by_key(monitors)
    for row in monitors:
        if monitor := _tried(_monitor, row, "monitors", wanted):
            monitor["notification_channels"] = _channels_of(row, names)
            _place_in_family(monitor, row, by_key)
            wanted.monitors.append(monitor)
            wanted.notes += [Skipped("monitors", monitor["name"], note) for note in monitor.pop("notes")]
    return wanted


def _by_key(monitors: list[Any]) -> dict[Any, Row]:
    rows = [row for row in monitors if isinstance(row, dict)]
    return {row.get("id"): row for row in rows if isinstance(row.get("id"), (int, str))}


def _tried(translate: Callable[[Row], Row], row: Any, kind: str, wanted: Wanted) -> Row | None:
    name = str(row.get("name") or "?")[:150] if isinstance(row, dict) else "?"
    try:
        if not isinstance(row, dict):
            raise CannotBeHad("It is no object.")
        return translate(row)
    except CannotBeHad as reason:
        wanted.skipped.append(Skipped(kind, name, str(reason)))
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        wanted.skipped.append(Skipped(kind, name, f"It could not be read: {error}"))
    return None


# --- monitors ----------------------------------------------------------------
def _monitor(row: Row) -> Row:
    kind = str(TYPES.get(row["type"], row["type"]))
    _refuse_what_is_not_here(row, kind)
    made: Row = {"name": str(row["name"]).strip()[:150], "type": kind, "notes": []}
    made |= _given(
        row, {"description": "description", "severity": "severity", "body": "body", "method": "method"}
    )
    made |= _given(row, {"uses_monitoring_token": "uses_monitoring_token"})
    made["active"] = bool(row.get("active", True))
    made["tags"] = _tags(row)
    if severities := [tag for tag in made["tags"] if tag in Severity.values]:
        made.setdefault("severity", severities[0])
    _times(row, made)
    _target(row, made, kinds.needs(kind))
    if "url" in kinds.needs(kind):
        _web(row, made)
    made["options"] = _options(row, kind)
    if kind == "push" and row.get("pushToken"):
        made["push_token"] = str(row["pushToken"])
    if "certificate_days" in made["options"]:
        made["notes"].append(f"It is down when its certificate ends within {CERTIFICATE_DAYS} days.")
    if row.get("proxyId"):
        made["notes"].append("It is checked without its proxy.")
    return made


def _refuse_what_is_not_here(row: Row, kind: str) -> None:
    if row["type"] in NOT_HERE or kind not in kinds.names():
        raise CannotBeHad(NOT_HERE.get(row["type"], f"There is no type {row['type']!r} here."))
    if row.get("upsideDown"):
        raise CannotBeHad("Monitors that are upside down are not had here.")


def _given(row: Row, names: Mapping[str, str]) -> Row:
    return {ours: row[theirs] for theirs, ours in names.items() if row.get(theirs) not in (None, "")}


def _tags(row: Row) -> list[str]:
    found = [tag if isinstance(tag, str) else _tag(tag) for tag in row.get("tags") or []]
    return list(dict.fromkeys(name[:40] for name in found if name.strip()))[:20]


def _tag(tag: Row) -> str:
    value = str(tag.get("value") or "")
    return f"{tag['name']}: {value}" if value else str(tag["name"])


def _times(row: Row, made: Row) -> None:
    wanted = int(row.get("interval") or 60)
    made["interval"] = min(max(wanted, settings.MONITOR_MIN_INTERVAL), MAX_INTERVAL)
    if made["interval"] != wanted:
        made["notes"].append(f"Its interval of {wanted} s became {made['interval']} s.")
    made["timeout"] = min(max(float(row.get("timeout") or 0.8 * wanted), SHORTEST), LONGEST)
    made["retry_interval"] = min(max(int(row.get("retryInterval") or 30), 1), MAX_INTERVAL)
    # There it is how often it is tried again; here how often in all.
    made["retries"] = min(int(row.get("maxretries") or 0) + 1, 10)
    for name in ("response_time_warning_ms", "response_time_critical_ms"):
        if name in row:
            made[name] = row[name]


def _target(row: Row, made: Row, needed: Any) -> None:
    if "url" in needed:
        made["url"] = str(row.get("url") or "")
    if "host" in needed:
        made["host"] = str(row.get("hostname") or row.get("host") or "")
    if row.get("port") and (made["type"] in ("port", "tls")):
        made["port"] = int(row["port"])


def _web(row: Row, made: Row) -> None:
    codes = row.get("accepted_statuscodes") or row.get("accepted_statuscodes_json")
    if codes:
        made["expected_status"] = orjson.loads(codes) if isinstance(codes, str) else codes
    made["headers"] = _headers(row)
    if row.get("keyword") and made["type"] == "keyword":
        made["expected_text"] = str(row["keyword"])
    if row.get("httpBodyEncoding") not in (None, "", "json") and made.get("body"):
        made["notes"].append("Its body is sent as it stands; give the header Content-Type.")
    if row.get("httpBodyEncoding") in (None, "", "json") and made.get("body"):
        made["headers"].setdefault("Content-Type", "application/json")


def _headers(row: Row) -> dict[str, str]:
    given = row.get("headers") or {}
    headers = orjson.loads(given) if isinstance(given, str) else given
    if row.get("authMethod") not in METHODS_OF_LOGIN:
        raise CannotBeHad(f"Signing in by {row['authMethod']} is not had here.")
    headers = {str(name): str(value) for name, value in dict(headers).items()}
    if row.get("basic_auth_user"):
        pair = f"{row['basic_auth_user']}:{row.get('basic_auth_pass') or ''}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return headers


def _options(row: Row, kind: str) -> Row:
    if isinstance(row.get("options"), dict):
        return dict(row["options"])
    if kind == "dns":
        return _options_of_dns(row)
    found = _options_of_web(row) if kind in ("http", "keyword", "json") else {}
    if kind == "keyword" and row.get("invertKeyword"):
        found["invert"] = True
    return found | (_comparison(row) if kind == "json" else {})


def _options_of_web(row: Row) -> Row:
    found = _given(row, {"maxredirects": "max_redirects"})
    if row.get("expiryNotification"):
        found["certificate_days"] = CERTIFICATE_DAYS
    if row.get("ignoreTls"):
        found["ignore_certificate"] = True
    return found


def _options_of_dns(row: Row) -> Row:
    found = _given(row, {"dns_resolve_type": "record", "dns_resolve_server": "server"})
    if "server" in found:
        found["server"] = found["server"].split(",")[0].strip()
    return found


def _comparison(row: Row) -> Row:
    operator = row.get("jsonPathOperator") or "=="
    if operator not in OPERATORS:
        raise CannotBeHad(f"The comparison {operator!r} is not had here.")
    expected = row.get("expectedValue")
    return {"path": str(row.get("jsonPath") or ""), "comparison": operator, "expected": expected}


def _channels_of(row: Row, names: Mapping[str, str]) -> list[str]:
    chosen = row.get("notificationIDList") or {}
    keys = chosen if isinstance(chosen, list) else [key for key, on in dict(chosen).items() if on]
    return [names[str(key)] for key in keys if str(key) in names]


def _place_in_family(monitor: Row, row: Row, by_key: Mapping[Any, Row]) -> None:
    """Of a group the name, as a tag; another monitor is a parent here as it is there."""
    key = row.get("parent")
    parent = by_key.get(key) if isinstance(key, (int, str)) else None
    if parent is None or not isinstance(parent.get("name"), str):
        return
    if parent.get("type") == "group":
        monitor["tags"] = list(dict.fromkeys([*monitor["tags"], parent["name"].strip()[:40]]))
    else:
        monitor["parent"] = parent["name"].strip()[:150]


# --- channels ----------------------------------------------------------------
def _channel(row: Row) -> Row:
    given = row.get("config") or {}
    config: Row = orjson.loads(given) if isinstance(given, str) else dict(given)
    kind = str(config.get("type") or row.get("type"))
    if kind not in CONFIGS:
        raise CannotBeHad(f"There are no channels of the type {kind!r} here.")
    name = str(row.get("name") or config.get("name") or "").strip()[:100]
    ours, read_config = CONFIGS[kind]
    active, default = bool(row.get("active", True)), bool(row.get("isDefault", False))
    return {"name": name, "type": ours, "config": read_config(config), "active": active, "default": default}


def _smtp(config: Row) -> Row:
    found = {
        "smtp_server": config.get("smtpHost"),
        "smtp_port": int(config.get("smtpPort") or (465 if config.get("smtpSecure") else 587)),
        "username": config.get("smtpUsername"),
        "password": config.get("smtpPassword"),
        "from_email": _bare_address(config.get("smtpFrom")),
        "to_email": config.get("smtpTo"),
        "use_tls": not config.get("smtpIgnoreSTARTTLS", False),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _bare_address(text: Any) -> Any:
    """Of `"HazeBot" <bot@example.org>` what is between the brackets."""
    return text.rpartition("<")[2].partition(">")[0].strip() if isinstance(text, str) else text


def _webhook(config: Row) -> Row:
    found: Row = {"url": config.get("webhookURL") or config.get("url"), "method": "POST"}
    if extra := config.get("webhookAdditionalHeaders"):
        found["headers"] = orjson.loads(extra) if isinstance(extra, str) else extra
    return found


CONFIGS: Mapping[str, tuple[str, Callable[[Row], Row]]] = {
    "smtp": ("email", _smtp),
    "webhook": ("webhook", _webhook),
    "slack": ("slack", lambda config: {"webhook_url": config.get("slackwebhookURL")}),
    "discord": ("discord", lambda config: {"webhook_url": config.get("discordWebhookUrl")}),
}
