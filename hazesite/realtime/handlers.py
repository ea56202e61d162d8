"""What clients may say over a socket. Apps register a handler per event; both doors call them here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from hazesite import origin
from hazesite.errors import Refused, TooMany
from hazesite.realtime.doorkeeper import Unauthorized
from hazesite.realtime.publication import Frame
from hazesite.realtime.sinks import Sink

logger = structlog.get_logger(__name__)
Handler = Callable[[Sink, dict[str, Any]], Awaitable[dict[str, Any] | None]]
Watcher = Callable[[Sink, str], None]
_handlers: dict[str, Handler] = {}
WATCHERS: list[Watcher] = []
"""Told of each event that was answered. They take no time and raise nothing."""


def handles(event: str) -> Callable[[Handler], Handler]:
    """The decorated coroutine answers `event`. It may raise `Refused`; what it returns joins `ok: true`."""

    def register(handler: Handler) -> Handler:
        _handlers[event] = handler
        return handler

    return register


async def answer(sink: Sink, event: str, data: Any) -> dict[str, Any]:
    """Run the handler and give the acknowledgement. A refusal is also sent as an `error` frame."""
    origin.enter("socket")
    try:
        if not sink.may_act():
            raise TooMany(1)
        handler = _handlers.get(event)
        if handler is None or not isinstance(data, dict):
            raise Refused(_("This event is not known here, or its data is not an object."))
        answered = {"ok": True} | (await handler(sink, data) or {})
        for watcher in WATCHERS:
            watcher(sink, event)
        return answered
    except Refused as refused:
        return refuse(sink, refused, data)
    except (OperationalError, InterfaceError) as error:
        logger.warning("socket_database_error", socket_event=event, error=repr(error))
        sentence = _("The database cannot answer right now. Try again in a moment.")
        return _tell(sink, {"error": sentence, "code": "database_unavailable"}, data)
    except Exception as error:
        logger.error("socket_event_failed", socket_event=event, exc_info=error)
        sentence = _("Something went wrong on our side.")
        return _tell(sink, {"error": sentence, "code": "server_error"}, data)


def refuse(sink: Sink, refused: Refused, data: Any = None) -> dict[str, Any]:
    """Tell the client why not, and after how many seconds it may try again; who has no sign-in any more is
    shown out."""
    body = {"error": str(refused), "code": refused.code, **refused.details}
    if refused.retry_after:
        body["retry_after"] = refused.retry_after
    acknowledgement = _tell(sink, body, data)
    if isinstance(refused, Unauthorized):
        sink.close("unauthorized")
    return acknowledgement


def _tell(sink: Sink, body: dict[str, Any], data: Any) -> dict[str, Any]:
    if isinstance(data, dict):
        echoed = {key: data[key] for key in ("ticket_id", "client_nonce") if _echoable(data.get(key))}
        body = body | echoed
    sink.push(Frame.of("error", body))
    return {"ok": False, **body}


def _echoable(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 128 and value.isascii()
