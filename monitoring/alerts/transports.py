"""The ways out for alerts: one of the ledger's transports for each type of channel."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import structlog
from django.utils import timezone

from hazesite import outbound
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue
from hazesite.outgoing.transports import (
    TRANSPORTS,
    GiveUp,
    Outcome,
    Retract,
    Retry,
    Sent,
    Settled,
    Transport,
    Verdict,
)
from monitoring.alerts.events import FLAPPING, SETTLED
from monitoring.alerts.outlook import TOLD, Letter, Outlook
from monitoring.alerts.queueing import transport_of
from monitoring.alerts.wording import Message
from monitoring.models import Alert, NotificationChannel

logger = structlog.get_logger(__name__)
LONGEST_FLAPPING = timedelta(days=7)
GONE = (410,)
REFUSED_BY_CHAT = (400, 401, 403, 404, 410)
"""The address of a chat's webhook is its password: refused once, it is refused for ever."""


class ChannelTransport(Transport):
    """A subclass says how a letter goes out; what it says is decided for all of them alike."""

    # One at a time: what comes meanwhile is seen by the next look, and told together where it may be.
    at_once_per_target = 1

    def check(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        outlook = Outlook(deliveries, timezone.now())
        return {one.pk: outlook.verdict(one) for one in deliveries}

    async def send(self, delivery: Delivery, content: Letter, out: httpx.AsyncClient) -> Outcome:
        outcome = await self.post(content.channel, content.message, out)
        return Sent(content.also) if isinstance(outcome, Sent) else outcome

    async def post(self, channel: NotificationChannel, message: Message, out: httpx.AsyncClient) -> Outcome:
        raise NotImplementedError

    def settled(self, settled: Settled) -> None:
        """Remember what was told, and look after what flaps."""
        done = [one for one, outcome in settled if isinstance(outcome, (Sent, Retract))]
        # Others were deleted meanwhile.
        channels = NotificationChannel.objects.in_bulk({int(one.target) for one in done})
        told = [(one, entry) for one in done if int(one.target) in channels for entry in _told(one)]
        alerts = [_alert(one, *entry) for one, entry in told]
        Alert.objects.bulk_create(alerts, ignore_conflicts=True)
        queue(_looks_after(one, channels[int(one.target)]) for one, entry in told if entry[2] == FLAPPING)


def _told(row: Delivery) -> list[Any]:
    return list(row.payload.get(TOLD, ()))


def _alert(row: Delivery, kind: str, key: int, event: str, thing: str) -> Alert:
    about = {"incident_id": key} if kind == "incident" else {"slow_spell_id": key}
    return Alert(channel_id=int(row.target), event=event, thing=thing, **about)


def _looks_after(row: Delivery, channel: NotificationChannel) -> Delivery:
    """Comes back when the monitor may be at rest."""
    now = timezone.now()
    return Delivery(
        transport=row.transport,
        target=row.target,
        thing=f"incident:{row.payload['incident']}:{SETTLED}",
        lane=row.lane,
        payload={**_stored(row), "event": SETTLED},
        next_try_at=now + timedelta(minutes=channel.flap_minutes or 0),
        expires_at=now + LONGEST_FLAPPING,
    )


def _stored(row: Delivery) -> dict[str, Any]:
    return {name: value for name, value in row.payload.items() if name != TOLD}


# --- what the ways that are HTTP share ---------------------------------------------
async def request(
    out: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    deadline: float = 10.0,
    lasting: Collection[int] = GONE,
    **more: Any,
) -> Outcome:
    """Every 2xx is a success; `lasting` answers are given up, all else is tried again."""
    try:
        answer = await outbound.call(out, method, url, deadline=deadline, **more)
    except (outbound.AddressRefused, outbound.TookTooLong) as refused:
        return Retry(str(refused))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Retry(f"{type(error).__name__}: {error}")
    if 200 <= answer.status < 300:
        return Sent()
    reason = f"The receiver answered {answer.status}."
    if answer.status in lasting:
        return GiveUp(reason)
    return Retry(reason, outbound.retry_after(answer))


async def try_now(channel: NotificationChannel, message: Message, seconds: float) -> Outcome:
    """Past the ledger, for a test: one attempt."""
    transport = TRANSPORTS.get(transport_of(channel))
    if not isinstance(transport, ChannelTransport):
        return GiveUp("Nothing here knows how to send it.")
    try:
        async with asyncio.timeout(seconds), outbound.async_client() as out:
            return await transport.post(channel, message, out)
    except TimeoutError:
        return Retry(f"No answer within {seconds:g} seconds.")
    except Exception as error:
        logger.warning("channel_test_failed", channel=channel.pk, exc_info=error)
        return Retry(f"{type(error).__name__}: {error}")
