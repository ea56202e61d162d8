"""A transport of the tests: posts the thing's name to `payload["url"]`, or does as the payload says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from hazesite import outbound
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import GiveUp, Outcome, Ready, Retract, Retry, Sent, Transport, Verdict


class Post(Transport):
    name = "post"
    deadline = 1.0
    at_once_per_target = 2

    def check(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        return {
            delivery.pk: Retract("Read already.") if "read" in delivery.payload else Ready(delivery.thing)
            for delivery in deliveries
        }

    async def send(self, delivery: Delivery, content: Any, out: httpx.AsyncClient) -> Outcome:
        answer = await outbound.post(out, delivery.payload["url"], content=content)
        if answer.status == 410:
            return GiveUp("Gone.")
        if answer.status != 200:
            after = answer.headers.get("retry-after")
            return Retry(f"Answered {answer.status}.", float(after) if after else None)
        return Sent()


class PatientPost(Post):
    """For workers in processes of their own, which a busy machine may slow down."""

    deadline = 4.0
