"""What the analytics know of a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analytics.collecting.visitors import visitors_known_as
from analytics.keeping import forget_person
from analytics.models import FeatureUse, OptOut, UsageSession
from hazesite import personal_data
from hazesite.personal_data import Part, Rows, Trace

SESSION = ("started_at", "last_at", "actions", "platform", "version", "device", "country")
USE = ("at", "feature", "uses", "platform", "version")


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    visitors = visitors_known_as(person.pk)
    sessions = UsageSession.objects.filter(visitor__in=visitors).order_by("started_at")
    yield "sessions", sessions.values(*SESSION).iterator()
    uses = FeatureUse.objects.filter(visitor__in=visitors).order_by("at")
    yield "uses", uses.values(*USE).iterator()
    yield "opted_out", OptOut.objects.filter(user=person.pk).values("since")


def erase(trace: Trace) -> int:
    return forget_person(trace.person.pk) or OptOut.objects.filter(user=trace.person.pk).delete()[0]


def register() -> None:
    held = ("analytics.UsageSession", "analytics.FeatureUse", "analytics.Visitor", "analytics.OptOut")
    personal_data.register(Part("analytics", held, export, erase, turn=1))
    personal_data.not_personal(
        "Times of a ticket; who answered and closed it is a pseudonym", "analytics.TicketFact"
    )
