"""Structured logs: JSON in production, readable in development, three rotating files under `DATA_DIR/logs`.

Every line carries the request's id, and no line carries a secret: values under secret-looking keys
and anything shaped like a token are masked last, whoever logged them. Who wants to hear of exceptions that
were logged joins `WATCHERS`.
"""

from __future__ import annotations

import logging.config
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

SECRET_KEYS = re.compile(r"passw|secret|token|authorization|cookie|credential|api_key|nonce", re.IGNORECASE)
SECRET_SHAPES = re.compile(
    r"eyJ[\w-]{8,500}\.[\w-]{1,4000}\.[\w-]+"  # a JWT
    r"|(?<=token=)[^&\s\"']+"
    r"|(?<=bearer )[\w.~+/=-]{8,}"
    r"|(?<=basic )[\w+/=]{8,}"
    r"|[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"  # a bot's token of Discord
    r"|-----BEGIN [\w ]*KEY-----.*?(?:-----END [\w ]*KEY-----|$)"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)",  # the user and password of an address
    re.IGNORECASE | re.DOTALL,
)
SECRET_PAIRS = re.compile(
    r"((?:passw|secret|token|authorization|cookie|credential|api_?key|private_?key)[\w-]{0,40}"
    r"[\"']?\s{0,5}[:=]\s{0,5})(?!\[hidden\])(\"[^\"]*\"?|'[^']*'?|[^\s,;&)}\]]+)",
    re.IGNORECASE,
)
MASK = "[hidden]"
MAX_BYTES, KEEP = 10 * 1024 * 1024, 5


Watcher = Callable[[BaseException, Mapping[str, Any]], None]
WATCHERS: list[Watcher] = []
"""Called with every exception logged as a warning or worse, and what the line says. They raise nothing."""


def hide_secrets(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: MASK if SECRET_KEYS.search(key) and value else _masked(value) for key, value in line.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_SHAPES.sub(MASK, value)
    if isinstance(value, dict):
        return hide_secrets(None, "", value)
    if isinstance(value, (list, tuple)):
        return [_masked(part) for part in value]
    return value


def without_secrets(text: str) -> str:
    """For text that is kept: also masks what stands after a secret-looking name, as in `password=...`."""
    return SECRET_PAIRS.sub(rf"\1{MASK}", SECRET_SHAPES.sub(MASK, text))


def tell_watchers(_logger: object, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if method not in ("debug", "info") and (error := _exception(line.get("exc_info"))) is not None:
        _tell(error, line)
    return line


class WatchedHandler(logging.Handler):
    """For libraries, which log in the standard way (ours have become text before they come here)."""

    def emit(self, record: logging.LogRecord) -> None:
        if (error := _exception(record.exc_info)) is not None:
            _tell(error, {"event": f"{record.name}: {record.msg}"})


def _tell(error: BaseException, line: Mapping[str, Any]) -> None:
    whole = {**structlog.contextvars.get_contextvars(), **line}
    for watch in WATCHERS:
        watch(error, whole)


def _exception(info: Any) -> BaseException | None:
    if isinstance(info, tuple):
        info = info[1]
    elif info is True:
        info = sys.exc_info()[1]
    return info if isinstance(info, BaseException) else None


def configure(folder: Path, *, as_json: bool, level: str) -> None:
    """Set up logging for this process. `folder` is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]
    structlog.configure(
        processors=[
            tell_watchers,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            hide_secrets,
            renderer,
        ],
    }
    logging.config.dictConfig(_handlers(folder, formatter, level))


def _handlers(folder: Path, formatter: dict[str, Any], level: str) -> dict[str, Any]:
    def file(name: str, least: str) -> dict[str, Any]:
        return {
            "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
            "filename": str(folder / name),
            "maxBytes": MAX_BYTES,
            "backupCount": KEEP,
            "formatter": "line",
            "level": least,
            "delay": True,
        }

    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {
            "watched": {"class": "hazesite.logs.WatchedHandler", "level": "WARNING"},
            "console": {"class": "logging.StreamHandler", "formatter": "line"},
            "api": file("hazebot-api.log", level),
            "errors": file("error.log", "ERROR"),
            "analytics": file("analytics.log", level),
        },
        "root": {"level": level, "handlers": ["console", "api", "errors", "watched"]},
        "loggers": {
            "analytics": {"handlers": ["analytics", "errors"], "propagate": False, "level": level},
            # They repeat what the request log says, or name addresses with tokens in them.
            "django.request": {"level": "CRITICAL"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"level": "WARNING"},
            "uvicorn": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "engineio": {"level": "CRITICAL"},  # a client's broken packet is no error of ours
            "socketio": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
        },
    }
