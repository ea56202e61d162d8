"""What happened, in a sentence."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models import TicketEvent

Type = TicketEvent.Type
SENTENCES: dict[str, str | Promise] = {
    Type.CREATED: gettext_lazy("{actor} opened the ticket"),
    Type.MESSAGE: gettext_lazy("A message of {actor} was deleted"),
    Type.CLAIMED: gettext_lazy("{actor} claimed the ticket"),
    Type.UNCLAIMED: gettext_lazy("{actor} gave the ticket back"),
    Type.CLOSED: gettext_lazy("{actor} closed the ticket"),
    Type.REOPENED: gettext_lazy("{actor} opened the ticket again"),
    Type.UPDATED: gettext_lazy("{actor} changed the ticket"),
    Type.TRANSFERRED: gettext_lazy("{actor} moved the ticket"),
    Type.MERGED: gettext_lazy("{actor} merged tickets"),
    Type.RATED: gettext_lazy("{actor} rated the ticket"),
    Type.REMINDED: gettext_lazy("A reminder was sent"),
    Type.SNOOZED: gettext_lazy("{actor} put the ticket to sleep"),
    Type.WOKEN: gettext_lazy("The ticket woke up"),
    Type.OVERDUE: gettext_lazy("An answer is overdue"),
}
WITH_FACTS = {Type.UPDATED, Type.TRANSFERRED, Type.RATED}


def sentence(event: TicketEvent, names: dict[str, str]) -> str:
    """`names` are of people whom the step knows by their id."""
    actor = event.actor.username if event.actor else _("The system")
    if event.type == Type.ASSIGNED:
        assignee = event.facts.get("assigned_to")
        words = (
            _("{actor} assigned the ticket to {person}") if assignee else _("{actor} unassigned the ticket")
        )
        return words.format(actor=actor, person=names.get(assignee, assignee))
    words = str(SENTENCES.get(event.type, event.type.replace("_", " ")))
    said = words.format(actor=actor)
    facts = [f"{name}: {_shown(value)}" for name, value in event.facts.items()]
    return f"{said} ({'; '.join(facts)})" if facts and event.type in WITH_FACTS else said


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
