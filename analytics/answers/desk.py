"""How quickly staff answer and resolve, in business hours, and what is thought of it.

By when tickets were opened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from accounts.models import User
from analytics import days
from analytics.answers.window import Window
from analytics.models import TicketFact
from hazesite.errors import NotAllowed


def desk(window: Window) -> dict[str, Any]:
    """All staff together. One query."""
    facts = list(_facts(window))
    by_day: defaultdict[date, list[TicketFact]] = defaultdict(list)
    for fact in facts:
        by_day[days.day_of(fact.opened_at)].append(fact)
    return {
        **_summed(facts, facts),
        "opened": len(facts),
        "reopened": sum(fact.reopened > 0 for fact in facts),
        "per_day": [
            {
                "day": day,
                "opened": len(by_day[day]),
                "first_answer_median": middle(_answers(by_day[day])),
                "resolution_median": middle(_resolutions(by_day[day])),
            }
            for day in window.days()
        ],
    }


def staff(actor: User, window: Window) -> list[dict[str, Any]]:
    """Each of the staff: what they answered first, and what they closed. For admins; else `NotAllowed`."""
    if not actor.is_admin:
        raise NotAllowed
    answered: defaultdict[int, list[TicketFact]] = defaultdict(list)
    closed: defaultdict[int, list[TicketFact]] = defaultdict(list)
    for fact in _facts(window):
        if fact.answered_by_id:
            answered[fact.answered_by_id].append(fact)
        if fact.closed_by_id:
            closed[fact.closed_by_id].append(fact)
    people = User.objects.filter(pk__in=answered.keys() | closed.keys()).order_by("username")
    return [
        {
            "user_id": person.user_id,
            "username": person.username,
            **_summed(answered[person.pk], closed[person.pk]),
        }
        for person in people
    ]


def _facts(window: Window) -> Iterable[TicketFact]:
    begin, end = window.moments()
    return (
        TicketFact.objects.filter(opened_at__gte=begin, opened_at__lt=end)
        .order_by("opened_at")
        .iterator(2000)
    )


def _summed(answered: Sequence[TicketFact], closed: Sequence[TicketFact]) -> dict[str, Any]:
    answers, resolutions = _answers(answered), _resolutions(closed)
    ratings = [fact.rating for fact in closed if fact.rating]
    return {
        "answered": len(answers),
        "first_answer_median": middle(answers),
        "first_answer_p90": percentile(answers, 90),
        "closed": len(resolutions),
        "resolution_median": middle(resolutions),
        "resolution_p90": percentile(resolutions, 90),
        "ratings": len(ratings),
        "rating_mean": round(sum(ratings) / len(ratings), 2) if ratings else None,
    }


def _answers(facts: Iterable[TicketFact]) -> list[int]:
    return [fact.first_answer_seconds for fact in facts if fact.first_answer_seconds is not None]


def _resolutions(facts: Iterable[TicketFact]) -> list[int]:
    return [fact.resolution_seconds for fact in facts if fact.resolution_seconds is not None]


def middle(values: Sequence[int]) -> int | None:
    return percentile(values, 50)


def percentile(values: Sequence[int], percent: int) -> int | None:
    """The smallest that so many of a hundred do not exceed."""
    if not values:
        return None
    return sorted(values)[-(-len(values) * percent // 100) - 1]
