from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.models import User
from accounts.permissions import Staff
from accounts.viewsets import RoleViewSet, allow
from hazesite.api import parsed
from hazesite.errors import Unfit
from hazesite.schema import refusals
from tickets import desk_serializers as d
from tickets import serializers as s
from tickets import services
from tickets.errors import (
    AlreadyRated,
    AlreadyTheirs,
    AssigneeNotStaff,
    Blocked,
    CannotMerge,
    NotSnoozed,
    TicketClosed,
    TicketNotClosed,
)
from tickets.views.requests import detail, source_of

Action = Callable[[str, User, dict[str, Any]], Any]
# Each action of a bulk call, and the keys it cannot do without.
ACTIONS: dict[str, tuple[Action, tuple[str, ...]]] = {
    "claim": (lambda ticket, actor, _body: services.claim_ticket(ticket, actor), ()),
    "unclaim": (lambda ticket, actor, _body: services.unclaim_ticket(ticket, actor), ()),
    "assign": (
        lambda ticket, actor, body: services.assign_ticket(ticket, actor, body["assigned_to"]),
        ("assigned_to",),
    ),
    "transfer": (lambda ticket, actor, body: services.transfer_ticket(ticket, actor, body["to"]), ("to",)),
    "close": (
        lambda ticket, actor, body: services.close_ticket(ticket, actor, body["close_message"] or ""),
        (),
    ),
    "reopen": (lambda ticket, actor, _body: services.reopen_ticket(ticket, actor), ()),
    "update": (lambda ticket, actor, body: services.update_ticket(ticket, actor, _changes(body)), ()),
    "snooze": (lambda ticket, actor, body: services.snooze_ticket(ticket, actor, body["until"]), ("until",)),
    "wake": (lambda ticket, actor, _body: services.wake_ticket(ticket, actor), ()),
    "delete": (lambda ticket, actor, _body: services.delete_ticket(ticket, actor), ()),
}


class DeskViews(RoleViewSet):
    """What staff do with tickets beyond claiming and closing, and what owners say of it."""

    request: MemberRequest

    @allow(Staff)
    @extend_schema(
        request=d.TransferIn,
        responses={
            200: s.DetailOut,
            **refusals(400, 401, 403, 404, AssigneeNotStaff, AlreadyTheirs, TicketClosed),
        },
    )
    def transfer(self, request: MemberRequest, ticket_id: str) -> Response:
        """Hand it to somebody else of staff, with a note for them if you like."""
        body = parsed(d.TransferIn, request.data)
        services.transfer_ticket(
            ticket_id, request.user, body["to"], body["note"] or "", source=source_of(request.headers)
        )
        return detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(
        request=d.SnoozeIn, responses={200: s.DetailOut, **refusals(400, 401, 403, 404, TicketClosed, Unfit)}
    )
    def snooze(self, request: MemberRequest, ticket_id: str) -> Response:
        """Put it off until a moment, or until its owner says something."""
        services.snooze_ticket(ticket_id, request.user, parsed(d.SnoozeIn, request.data)["until"])
        return detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(request=None, responses={200: s.DetailOut, **refusals(401, 403, 404, NotSnoozed)})
    def wake(self, request: MemberRequest, ticket_id: str) -> Response:
        """End a snooze."""
        services.wake_ticket(ticket_id, request.user)
        return detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(
        request=d.MergeIn, responses={200: s.DetailOut, **refusals(400, 401, 403, 404, CannotMerge)}
    )
    def merge(self, request: MemberRequest, ticket_id: str) -> Response:
        """Close this one and go on in another of the same member, which is the answer."""
        target = services.merge_tickets(ticket_id, parsed(d.MergeIn, request.data)["into"], request.user)
        return detail(target.public_id, request)

    @allow(Staff)
    @extend_schema(responses={200: d.PresenceOut, **refusals(401, 403, 404)})
    def presence(self, request: MemberRequest, ticket_id: str) -> Response:
        """Who has it open on a socket right now, on whichever device."""
        people = services.present_at(ticket_id, request.user)
        users = [{"user_id": user.user_id, "user_name": user.username} for user in people]
        return Response({"users": users})

    @extend_schema(
        request=d.RatingIn,
        responses={200: s.SuccessOut, **refusals(400, 401, 403, Blocked, 404, TicketNotClosed, AlreadyRated)},
    )
    def rate(self, request: MemberRequest, ticket_id: str) -> Response:
        """What the owner of a closed ticket thinks of it. Once."""
        body = parsed(d.RatingIn, request.data)
        services.rate_ticket(ticket_id, request.user, body["score"], body["comment"] or "")
        return Response({"success": True, "message": "Thank you for your rating"})

    @allow(Staff)
    @extend_schema(request=d.BulkIn, responses={200: d.BulkOut, **refusals(400, 401, 403, Unfit)})
    def bulk(self, request: MemberRequest) -> Response:
        """One action on up to a hundred tickets; each succeeds or is refused by itself."""
        body = parsed(d.BulkIn, request.data)
        action, needed = ACTIONS[body["action"]]
        if missing := [key for key in needed if key not in body]:
            raise Unfit(fields={key: ["This action needs it."] for key in missing})
        outcomes = services.for_each_ticket(
            body["ticket_ids"], lambda ticket_id: action(ticket_id, request.user, body)
        )
        return Response({"results": [_outcome_json(outcome) for outcome in outcomes]})


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in ("priority", "type", "tags") if key in body}


def _outcome_json(outcome: services.Outcome) -> dict[str, Any]:
    refused = outcome.refused
    if refused is None:
        return {"ticket_id": outcome.ticket_id, "ok": True}
    return {"ticket_id": outcome.ticket_id, "ok": False, "error": str(refused), "code": refused.code}
