"""Answers that another site has to give first, waited for without holding a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hazesite.api import refusal
from hazesite.errors import Refused
from hazesite.later import Answer, answer_later

WAIT_SECONDS = 15.0
Look = Callable[[], dict[str, Any] | None]


def answer_when_known(request: Request, look: Look, too_late: Refused) -> Response:
    """What `look` gives: at once where it is known, else as soon as it is. What it refuses is the answer."""
    known = look()
    return Response(known) if known is not None else answer_later(request, told(look), WAIT_SECONDS, too_late)


def told(look: Look) -> Callable[[], Answer | None]:
    def answer() -> Answer | None:
        try:
            known = look()
        except Refused as refused:
            return refused.status, refusal(refused)
        return None if known is None else (200, known)

    return answer
