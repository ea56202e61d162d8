from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx
import structlog
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import GiveUp, Outcome, Retry, Sent, Settled, Transport, Verdict, Wait
from notifications.mail.addresses import LETTER, note_refusals, note_sent
from notifications.mail.letters import Letter
from notifications.mail.models import MailAddress
from notifications.mail.outlook import Outlook
from notifications.mail.post import Attempt, blames_address
from notifications.mail.switch import MAIL, is_on
from notifications.mail.topics import Topic

logger = structlog.get_logger(__name__)
THREADS = 4
PAUSE = timedelta(seconds=30)
"""How long a server that is not there, or does not let us in, is not asked by any mail."""
SWITCHED_OFF = timedelta(minutes=5)


class MailTransport(Transport):
    """A server whose answer was lost is handed the mail again, under the same Message-ID."""

    name = MAIL
    deadline = 60.0
    at_once = THREADS
    at_once_per_target = 1

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")
        self._paused_until: datetime | None = None

    def check(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        now = timezone.now()
        if not is_on():
            return {one.pk: Wait(now + SWITCHED_OFF) for one in deliveries}
        if self._paused_until is not None and now < self._paused_until:
            return {one.pk: Wait(self._paused_until) for one in deliveries}
        outlook = Outlook(deliveries, now)
        return {one.pk: outlook.verdict(one) for one in deliveries}

    async def send(self, delivery: Delivery, content: Letter, out: httpx.AsyncClient) -> Outcome:
        attempt = Attempt(content)
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(self._threads, attempt.make)
        except asyncio.CancelledError:
            attempt.abandon()
            raise
        if isinstance(outcome, Retry) and not attempt.reached_server:
            self._paused_until = timezone.now() + PAUSE
            logger.warning("mail_server_not_reached", reason=outcome.reason)
        return outcome

    def settled(self, settled: Settled) -> None:
        sent = [one for one, outcome in settled if isinstance(outcome, Sent)]
        note_sent({int(one.target) for one in sent})
        note_refusals(
            {
                int(one.target): outcome.reason
                for one, outcome in settled
                if isinstance(outcome, GiveUp) and blames_address(outcome)
            }
        )
        for one in sent:
            if one.payload[LETTER] == Topic.DIGEST:
                rows = MailAddress.objects.filter(pk=int(one.target))
                rows.update(digested_at=parse_datetime(one.payload["until"]))
