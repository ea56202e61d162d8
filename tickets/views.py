from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Admin, AnyToken, Staff
from accounts.roles import Role
from accounts.viewsets import RoleViewSet, allow
from hazesite.api import Keyset, bounded_total, parsed
from hazesite.errors import Invalid, NotFound
from hazesite.schema import refusals
from tickets import serializers as s
from tickets import services
from tickets.models import Message, Ticket, TicketQuerySet
from tickets.rendering import detail_json, event_json, message_json, summary_json
from tickets.services.reading import visible_ticket
from tickets.states import Priority

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The same thing as `client_nonce`: a repeated request gets the first answer again.",
)


class TicketViews(RoleViewSet):
    request: MemberRequest

    # The one call here that a monitoring token may make: it probes it and never sees a ticket.
    @allow(AnyToken)
    @extend_schema(parameters=[s.ListQuery], responses={200: s.TicketsOut, **refusals(400, 401)})
    def list(self, request: MemberRequest) -> Response:
        """Tickets by latest activity: all for staff, one's own for members."""
        query = parsed(s.ListQuery, request.query_params)
        rows = Ticket.objects.none()
        if request.user.role != Role.MONITORING:
            rows = _filtered(Ticket.objects.visible_to(request.user), query, request.user.is_staff)
        paged = rows.with_people().with_unread(request.user)
        page, cursor = Keyset(paged, "active_at").page(query["limit"], query["cursor"])
        # `unread` is annotated by `with_unread`.
        tickets = [
            summary_json(ticket, getattr(ticket, "unread", 0), ticket.head_for(request.user))
            for ticket in page
        ]
        return Response({"tickets": tickets, "next_cursor": cursor, "total": bounded_total(rows)})

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=s.OpenTicketIn,
        responses={201: s.DetailOut, **refusals(400, 401, 403, 409, 429)},
    )
    def open(self, request: MemberRequest) -> Response:
        """A new ticket; the description is its first message."""
        body = parsed(s.OpenTicketIn, request.data)
        nonce = _nonce(request, body.pop("client_nonce"))
        ticket = services.open_ticket(request.user, **body, nonce=nonce, source=_source(request))
        return _detail(ticket.public_id, request, status=201)

    @extend_schema(responses={200: s.OptionsOut, **refusals(401, 403)})
    def options_for_new(self, request: MemberRequest) -> Response:
        """What a form for a new ticket needs to know."""
        settings = services.ticket_settings()
        return Response(
            {
                "enabled": settings["enabled"],
                "categories": [{"name": name, "form": []} for name in settings["categories"]],
                "priorities": list(Priority.values),
                "owner_may_close": settings["owner_may_close"],
                "may_open": services.places_left(request.user, settings["max_open_per_user"]),
            }
        )

    @extend_schema(responses={200: s.DetailOut, **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, ticket_id: str) -> Response:
        """A ticket with its newest hundred messages, oldest first."""
        return _detail(ticket_id, request)

    @extend_schema(
        responses={200: s.EventsOut, **refusals(400, 401, 403, 404, 410)}, parameters=[s.EventsQuery]
    )
    def events(self, request: MemberRequest, ticket_id: str) -> Response:
        """Everything after a place in the ticket's stream that the caller may see, in order."""
        query = parsed(s.EventsQuery, request.query_params)
        after, limit, staff = query["after"], query["limit"], request.user.is_staff
        ticket, events = services.stream_after(ticket_id, request.user, after, limit)
        head = ticket.head_for(request.user)
        reached = events[-1].seq if events else after
        return Response(
            {
                "events": [event_json(event, staff=staff) for event in events],
                "head": head,
                "has_more": len(events) == limit and reached < head,
            }
        )

    @extend_schema(request=s.CloseIn, responses={200: s.SuccessOut, **refusals(400, 401, 403, 404, 409)})
    def close(self, request: MemberRequest, ticket_id: str) -> Response:
        """For staff, and for the owner where `owner_may_close` is set."""
        body = parsed(s.CloseIn, request.data)
        services.close_ticket(ticket_id, request.user, body["close_message"] or "", source=_source(request))
        return Response({"success": True, "message": "Ticket closed"})

    @extend_schema(request=None, responses={200: s.SuccessOut, **refusals(401, 403, 404, 409)})
    def reopen(self, request: MemberRequest, ticket_id: str) -> Response:
        """For staff and the owner. Claim and assignment are cleared."""
        services.reopen_ticket(ticket_id, request.user)
        return Response({"success": True, "message": "Ticket reopened"})

    @extend_schema(request=s.MarkReadIn, responses={200: s.SuccessOut, **refusals(400, 401, 403, 404)})
    def mark_read(self, request: MemberRequest, ticket_id: str) -> Response:
        """For the caller alone: unread is what came after `up_to_seq`."""
        body = parsed(s.MarkReadIn, request.data)
        services.mark_read(ticket_id, request.user, body["up_to_seq"])
        return Response({"success": True})

    @allow(Staff)
    @extend_schema(request=None, responses={200: s.DetailOut, **refusals(401, 403, 404, 409)})
    def claim(self, request: MemberRequest, ticket_id: str) -> Response:
        """Take it. Of two who try at once, one gets a 409."""
        services.claim_ticket(ticket_id, request.user)
        return _detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(request=None, responses={200: s.DetailOut, **refusals(401, 403, 404, 409)})
    def unclaim(self, request: MemberRequest, ticket_id: str) -> Response:
        """Give it back to everybody."""
        services.unclaim_ticket(ticket_id, request.user)
        return _detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(request=s.AssignIn, responses={200: s.DetailOut, **refusals(400, 401, 403, 404, 409)})
    def assign(self, request: MemberRequest, ticket_id: str) -> Response:
        """Give it to a moderator or an admin."""
        services.assign_ticket(ticket_id, request.user, _person(request.data))
        return _detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(request=s.UpdateTicketIn, responses={200: s.DetailOut, **refusals(400, 401, 403, 404)})
    def update(self, request: MemberRequest, ticket_id: str) -> Response:
        """Change priority, type or tags; absent keys stay."""
        services.update_ticket(ticket_id, request.user, parsed(s.UpdateTicketIn, request.data))
        return _detail(ticket_id, request)

    @allow(Staff)
    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=s.MessageIn,
        responses={200: s.SentOut, **refusals(400, 401, 403, 404, 409, 429)},
    )
    def note(self, request: MemberRequest, ticket_id: str) -> Response:
        """An internal note: the owner never sees it."""
        return _say(services.add_note, request, ticket_id)

    @allow(Admin)
    @extend_schema(responses={200: s.SuccessOut, **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, ticket_id: str) -> Response:
        """Gone for everybody at once, and from the database after thirty days."""
        services.delete_ticket(ticket_id, request.user)
        return Response({"success": True, "message": "Ticket deleted"})


class MessageViews(RoleViewSet):
    request: MemberRequest

    @extend_schema(
        parameters=[s.MessagesQuery], responses={200: s.MessagesOut, **refusals(400, 401, 403, 404)}
    )
    def list(self, request: MemberRequest, ticket_id: str) -> Response:
        """Messages, oldest first: after or before a place, else the newest."""
        query = parsed(s.MessagesQuery, request.query_params)
        ticket = visible_ticket(ticket_id, request.user)
        messages = services.messages_of(ticket, request.user, **query)
        return Response(
            {
                "messages": [message_json(message) for message in messages],
                "last_seq": ticket.head_for(request.user),
            }
        )

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=s.MessageIn,
        responses={200: s.SentOut, **refusals(400, 401, 403, 404, 409, 429)},
    )
    def send(self, request: MemberRequest, ticket_id: str) -> Response:
        """Say something. The answer means: stored. Repeat with the same nonce when it got lost."""
        return _say(services.post_message, request, ticket_id)

    @extend_schema(request=s.EditMessageIn, responses={200: s.SentOut, **refusals(400, 401, 403, 404, 409)})
    def edit(self, request: MemberRequest, ticket_id: str, message_id: str) -> Response:
        """Change one's own words."""
        content = parsed(s.EditMessageIn, request.data)["message"]
        message = services.edit_message(ticket_id, _key(message_id), request.user, content)
        return Response({"success": True, "message": message_json(message)})

    @extend_schema(responses={200: s.SuccessOut, **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, ticket_id: str, message_id: str) -> Response:
        """Take a message out of the conversation: its author may, and staff."""
        services.delete_message(ticket_id, _key(message_id), request.user)
        return Response({"success": True, "message": "Message deleted"})


def _detail(ticket_id: str, request: MemberRequest, status: int = 200) -> Response:
    reader = request.user
    ticket = services.read_ticket(ticket_id, reader)
    messages = services.messages_of(ticket, reader)
    unread = getattr(ticket, "unread", 0)
    return Response(detail_json(ticket, unread, messages, ticket.head_for(reader)), status=status)


def _say(service: Callable[..., Message], request: MemberRequest, ticket_id: str) -> Response:
    body = parsed(s.MessageIn, request.data)
    nonce = _nonce(request, body["client_nonce"])
    message = service(ticket_id, request.user, body["message"], nonce=nonce, source=_source(request))
    return Response({"success": True, "message": message_json(message)})


def _filtered(rows: TicketQuerySet, query: dict[str, Any], staff: bool) -> TicketQuerySet:
    rows = rows.with_status(query["status"])
    if "assigned_to" in query:
        rows = rows.filter(assigned_to__user_id=query["assigned_to"])
    if "priority" in query:
        rows = rows.filter(priority=query["priority"])
    if "tag" in query:
        rows = rows.filter(tag_rows__name=query["tag"])
    if "q" in query:
        said = Message.objects.filter(ticket=OuterRef("pk"), deleted_at=None, content__icontains=query["q"])
        if not staff:
            said = said.filter(is_note=False)
        rows = rows.filter(Q(subject__icontains=query["q"]) | Exists(said))
    return rows


def _nonce(request: MemberRequest, in_body: str | None) -> str:
    """`client_nonce` and `Idempotency-Key` are one thing; two different ones are a mistake."""
    header = request.headers.get("Idempotency-Key", "")
    if len(header) > 128 or (header and in_body and header != in_body):
        raise Invalid(fields={"client_nonce": ["Not the same as Idempotency-Key, or too long."]})
    return in_body or header


def _source(request: MemberRequest) -> str:
    web = request.headers.get("X-Platform", "").lower() == "web"
    return Message.Source.WEB if web else Message.Source.APP


def _person(data: Any) -> str | None:
    """A user id, which a request may also send as an integer."""
    if isinstance(data, dict) and type(data.get("assigned_to")) is int:
        data = {**data, "assigned_to": str(data["assigned_to"])}
    assignee: str | None = parsed(s.AssignIn, data)["assigned_to"]
    return assignee


def _key(message_id: str) -> int:
    found = re.fullmatch(r"msg_([1-9]\d{0,17})", message_id)
    if found is None:
        raise NotFound
    return int(found[1])
