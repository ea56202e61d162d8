"""One request for JSON to another site, through the guard, with its failures in our words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from django.utils.translation import gettext as _

from community.errors import PAUSE_SECONDS, busy, down, failed
from hazesite import outbound
from hazesite.outbound import AddressRefused, AnswerTooLarge, TookTooLong

DEADLINE_SECONDS = 6.0
MAX_BYTES = 3_000_000


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def get_json(
    source: str, url: str, *, trusted: Collection[str] = (), missing_is_answer: bool = False, **request: Any
) -> Any:
    """The answer to a GET. `trusted` are hosts of our own settings. Raises `SourceTrouble`.

    With `missing_is_answer` a 404 gives its body, or None where that is no JSON.
    """
    try:
        answer = outbound.fetch(
            "GET",
            url,
            deadline=DEADLINE_SECONDS,
            limit=MAX_BYTES,
            trusted=trusted,
            headers={"Accept": "application/json", **request.pop("headers", {})},
            **request,
        )
    except AddressRefused as error:
        raise failed(source, _("its address may not be reached from here")) from error
    except AnswerTooLarge as error:
        raise failed(source, _("its answer is too large")) from error
    except TookTooLong as error:
        raise down(source, _("it took too long")) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise down(source, _("the connection failed")) from error
    return _body(source, answer, missing_is_answer)


def _body(source: str, answer: outbound.Answer, missing_is_answer: bool) -> Any:
    if answer.status == 429:
        raise busy(source, outbound.retry_after(answer))
    if answer.status >= 500:
        pause = outbound.retry_after(answer) or PAUSE_SECONDS
        raise down(source, _("it failed with %(status)s") % {"status": answer.status}, pause)
    missing = answer.status == 404 and missing_is_answer
    if answer.status != 200 and not missing:
        raise failed(source, _("it answered %(status)s") % {"status": answer.status})
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        if missing:
            return None
        raise failed(source, _("it is no JSON")) from error
