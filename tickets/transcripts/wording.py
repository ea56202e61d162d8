"""What happened, in a sentence."""

from __future__ import annotations

from typing import Any

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
    Type.ASSIGNED: gettext_lazy("{actor} assigned the ticket to {person}"),
    Type.TRANSFERRED: gettext_lazy("{actor} handed the ticket over to {person}"),
    Type.CLOSED: gettext_lazy("{actor} closed the ticket"),
    Type.REOPENED: gettext_lazy("{actor} opened the ticket again"),
    Type.UPDATED: gettext_lazy("{actor} changed {changes}"),
    Type.RATED: gettext_lazy("{actor} rated the ticket: {score} of 5"),
    Type.REMINDED: gettext_lazy("A reminder was sent: an answer is awaited"),
    Type.SNOOZED: gettext_lazy("{actor} put the ticket off"),
    Type.WOKEN: gettext_lazy("The ticket came back"),
    Type.OVERDUE: gettext_lazy("The ticket is overdue"),
}


def sentence(event: TicketEvent, names: dict[str, str]) -> str:
    """`names` are of the people whom steps know by their id (`people_in`)."""
    facts = event.facts
    words = {
        "actor": event.actor.username if event.actor else _("The system"),
        "person": names.get(facts.get("assigned_to") or "", _("nobody")),
        "score": facts.get("rating", {}).get("score"),
        "changes": "; ".join(f"{name}: {shown(value)}" for name, value in facts.items()),
    }
    return _template(event).format(**words)


def people_in(event: TicketEvent) -> set[str]:
    return {event.facts["assigned_to"]} if event.facts.get("assigned_to") else set()


def _template(event: TicketEvent) -> str:
    facts = event.facts
    if event.type == Type.MERGED:
        return _merged(facts)
    if event.type == Type.CLOSED and event.actor is None:
        return _("The ticket was closed, because nobody answered")
    return str(SENTENCES.get(event.type) or event.type.replace("_", " "))


def _merged(facts: dict[str, Any]) -> str:
    if "merged_into_num" in facts:
        return _("{actor} merged this ticket into") + f" #{facts['merged_into_num']}"
    number = facts.get("merged", {}).get("ticket_num")
    return _("{actor} merged into this ticket:") + f" #{number}"


def shown(value: object) -> str:
    """A fact or an answer, which may be a list."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
