"""What the first page of the admin says about tickets."""

from __future__ import annotations

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from hazesite.dashboard import Card, Group, bounded, figures
from tickets.models import Ticket
from tickets.models.tickets import RUNNING
from tickets.states import UNDONE, Priority, Side, Status


@figures(Group.DESK, "tickets.view_ticket")
def at_the_desk() -> list[Card]:
    undone = Ticket.objects.filter(RUNNING)
    desk = reverse("admin:tickets_ticket_changelist")
    unclaimed = bounded(undone.filter(status=Status.OPEN))
    urgent = bounded(undone.filter(priority=Priority.URGENT))
    return [
        Card(
            _("Open tickets"), bounded(undone), _("claimed or not"), f"{desk}?status__in={','.join(UNDONE)}"
        ),
        Card(_("Unclaimed"), unclaimed, _("nobody is on them yet"), f"{desk}?status__exact=open"),
        Card(
            _("Urgent"),
            urgent,
            _("open and urgent"),
            f"{desk}?priority__exact=urgent&status__in={','.join(UNDONE)}",
            alarming=urgent != "0",
        ),
        _waiting_longest(),
    ]


def _waiting_longest() -> Card:
    """The ticket that has waited longest for a word of the staff."""
    waiting = Ticket.objects.filter(RUNNING, awaiting=Side.STAFF, snoozed_until=None)
    ticket = waiting.order_by("quiet_since").first()
    if ticket is None:
        return Card(_("Waiting longest"), "-", _("nobody waits for an answer"))
    link = reverse("admin:tickets_ticket_change", args=[ticket.pk])
    return Card(_("Waiting longest"), timesince(ticket.quiet_since, depth=1), str(ticket), link)
