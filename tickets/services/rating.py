from __future__ import annotations

from django.db import transaction

from accounts.models import User
from hazesite.errors import NotAllowed
from tickets import stream
from tickets.errors import AlreadyRated, TicketNotClosed
from tickets.models import Rating, TicketEvent
from tickets.services.blocking import refuse_blocked
from tickets.services.locking import locked


@transaction.atomic
def rate_ticket(ticket_id: str, actor: User, score: int, comment: str = "") -> Rating:
    """What its owner thinks of a closed ticket, once: 1 (bad) to 5 (good).

    Raises `NotFound`, `NotAllowed` (not the owner), `Blocked`, `TicketNotClosed`, `AlreadyRated`.
    """
    ticket = locked(ticket_id, actor)
    if actor.pk != ticket.owner_id:
        raise NotAllowed
    refuse_blocked(actor)
    if Rating.objects.filter(ticket=ticket).exists():
        raise AlreadyRated
    if not ticket.is_closed:
        raise TicketNotClosed
    rating = Rating.objects.create(ticket=ticket, score=score, comment=comment)
    stream.append(ticket, TicketEvent.Type.RATED, actor, facts={"rating": {"score": score}})
    return rating
