"""Structured logs: JSON in production, readable in development, three rotating files under `DATA_DIR/logs`.

Every line carries the request's id, and no line carries a secret: values under secret-looking keys
and anything shaped like a token are masked last, whoever logged them. Who wants to hear of exceptions that
were logged joins `WATCHERS`.
"""

from __future__ import annotations

import logging.config
import os
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import structlog
from concurrent_log_handler import ConcurrentRotatingFileHandler

SECRET_KEYS = re.compile(
    r"pass(?:w|phrase)|secret|token|authorization|cookie|credential|api_key|nonce", re.IGNORECASE
)
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
    r"((?:pass(?:w|phrase)|secret|token|authorization|cookie|credential|api_?key|private_?key)[\w-]{0,40}"
    r"[\"']?\s{0,5}[:=]\s{0,5})(?!\[hidden\])(\"[^\"]*\"?|'[^']*'?|[^\s,;&)}\]]+)",
    re.IGNORECASE,
)
SUSPICIOUS = re.compile(r"[.:= ]")
"""Each of the shapes has one of these; looking for it is quick."""
OURS = {"timestamp", "level", "logger"}
MASK = "[hidden]"
MAX_BYTES, KEEP = 10 * 1024 * 1024, 5


Watcher = Callable[[BaseException, Mapping[str, Any]], None]
WATCHERS: list[Watcher] = []
"""Called with every exception logged as a warning or worse, and what the line says. They raise nothing."""


def hide_secrets(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {
        key: value if key in OURS else MASK if value and _names_a_secret(key) else _masked(value)
        for key, value in line.items()
    }


@lru_cache(1024)
def _names_a_secret(key: str) -> bool:
    return SECRET_KEYS.search(key) is not None


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_SHAPES.sub(MASK, value) if SUSPICIOUS.search(value) else value
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


class Line(structlog.stdlib.ProcessorFormatter):
    """Several handlers write the same line: it is made once. Ours (a dict) without copying its record."""

    def format(self, record: logging.LogRecord) -> str:
        made: str | None = record.__dict__.get("made_line")
        if made is None:
            own: Any = record.msg
            made = self._made(own) if isinstance(own, dict) else super().format(record)
            record.__dict__["made_line"] = made
        return made

    def _made(self, line: Any) -> str:
        _remove_meta, *others = self.processors
        for processor in others:
            line = processor(None, "", line)
        return str(line)


class RotatingFile(ConcurrentRotatingFileHandler):
    """Takes the lock of all processes to rotate, and not for each line: an append is whole without it."""

    _file = -1
    _inode = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
            if self._has_room(len(line)):
                os.write(self._file, line)
            else:
                super().emit(record)
        except Exception:
            self.handleError(record)

    def _has_room(self, more: int) -> bool:
        """And the open file is the one with our name: another process may have rotated it away."""
        try:
            found = os.stat(self.baseFilename)  # noqa: PTH116 - for each line, and half as long
        except FileNotFoundError:
            return False
        if found.st_ino != self._inode:
            self._close_file()
            self._file = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND)
            self._inode = found.st_ino
        return bool(found.st_size + more <= self.maxBytes)

    def _close_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._inode = -1, 0

    def close(self) -> None:
        self._close_file()
        super().close()


def _json(line: Any, default: Callable[[Any], Any], **_more: Any) -> str:
    return orjson.dumps(line, default=default, option=orjson.OPT_NON_STR_KEYS).decode()


def configure(folder: Path, *, as_json: bool, level: str) -> None:
    """Set up logging for this process. `folder` is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    _ask_less()
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
        structlog.processors.JSONRenderer(_json)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    formatter = {
        "()": Line,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            hide_secrets,
            renderer,
        ],
    }
    logging.config.dictConfig(_handlers(folder, formatter, level))


def _ask_less() -> None:
    """No line names its place in the code, thread or process: `logging` need not find them out for each."""
    logging._srcfile = None  # so says the manual, "Optimization"
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False


def _handlers(folder: Path, formatter: dict[str, Any], level: str) -> dict[str, Any]:
    def file(name: str, least: str) -> dict[str, Any]:
        return {
            "class": "hazesite.logs.RotatingFile",
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
