"""Answers that another process has to give first: the event loop waits for them, and no thread does.

A view leaves a question that can be asked again and again; the outermost layer asks until there is an
answer. Where that layer is not (the test client), the view waits in place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from rest_framework.request import Request
from rest_framework.response import Response

from hazesite import ratelimits
from hazesite.errors import Refused
from hazesite.realtime.database import db_call

logger = structlog.get_logger(__name__)
LATER = "hazesite.later"
LOOK_SECONDS = 0.1
Answer = tuple[int, dict[str, Any]]


@dataclass
class Later:
    """In the scope of every request. `look` gives the status and body, or None while there are none yet."""

    look: Callable[[], Answer | None] | None = None
    seconds: float = 0.0
    too_late: Refused | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Of the answer that is still to come."""

    async def answer(self) -> Answer:
        deadline = time.monotonic() + self.seconds
        while (found := await db_call(self._asked)) is None:
            if time.monotonic() > deadline:
                return self._given_up()
            await asyncio.sleep(LOOK_SECONDS)
        return found

    def wait(self) -> Answer:
        deadline = time.monotonic() + self.seconds
        while (found := self._asked()) is None:
            if time.monotonic() > deadline:
                return self._given_up()
            time.sleep(LOOK_SECONDS)
        return found

    def _asked(self) -> Answer | None:
        """A database that is away for a moment does not lose an answer that is still to come."""
        assert self.look is not None
        try:
            return self.look()
        except (OperationalError, InterfaceError) as error:
            logger.warning("answer_not_read", error=repr(error))
            return None

    def _given_up(self) -> Answer:
        assert self.too_late is not None
        return self.too_late.status, {"error": str(self.too_late), "code": self.too_late.code}


def answer_later(
    request: Request, look: Callable[[], Answer | None], seconds: float, too_late: Refused
) -> Response:
    """What `look` gives within `seconds`, else the refusal."""
    scope = request.META.get("asgi.scope") or getattr(request._request, "scope", {})
    later = scope.get(LATER) or Later()
    later.look, later.seconds, later.too_late = look, seconds, too_late
    later.headers = [(name.lower().encode(), value.encode()) for name, value in ratelimits.headers().items()]
    if LATER in scope:
        return Response({})
    status, body = later.wait()
    return Response(body, status=status)
