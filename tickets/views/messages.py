from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.viewsets import RoleViewSet
from hazesite.api import parsed
from hazesite.errors import Unfit
from hazesite.schema import refusals
from tickets import examples, services
from tickets import serializers as s
from tickets.errors import Blocked, NonceReused, TicketClosed, TicketMerged
from tickets.rendering import message_json
from tickets.services.reading import visible_ticket
from tickets.views.requests import IDEMPOTENCY_KEY, message_key, say


class MessageViews(RoleViewSet):
    request: MemberRequest

    @extend_schema(
        parameters=[s.MessagesQuery], responses={200: s.MessagesOut, **refusals(400, 401, 403, 404)}
    )
    def list(self, request: MemberRequest, ticket_id: str) -> Response:
        """Messages, oldest first: after or before a place, else the newest."""
        query = parsed(s.MessagesQuery, request.query_params.dict())
        ticket = visible_ticket(ticket_id, request.user)
        messages = services.messages_of(ticket, request.user, **query)
        return Response(
            {
                "messages": messages,
                "last_seq": ticket.head_for(request.user),
            }
        )

    @extend_schema(
        examples=examples.SAID,
        parameters=[IDEMPOTENCY_KEY],
        request=s.MessageIn,
        responses={
            200: s.SentOut,
            **refusals(400, 401, 403, Blocked, 404, TicketClosed, TicketMerged, NonceReused, Unfit, 429),
        },
    )
    def send(self, request: MemberRequest, ticket_id: str) -> Response:
        """Say something. The answer means: stored. Repeat with the same nonce when it got lost."""
        return say(services.post_message, request, ticket_id)

    @extend_schema(
        request=s.EditMessageIn,
        responses={200: s.SentOut, **refusals(400, 401, 403, Blocked, 404, TicketClosed, TicketMerged)},
    )
    def edit(self, request: MemberRequest, ticket_id: str, message_id: str) -> Response:
        """Change one's own words."""
        content = parsed(s.EditMessageIn, request.data)["message"]
        message = services.edit_message(ticket_id, message_key(message_id), request.user, content)
        return Response({"success": True, "message": message_json(message)})

    @extend_schema(request=None, responses={200: s.SuccessOut, **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, ticket_id: str, message_id: str) -> Response:
        """Take a message out of the conversation: its author may, and staff."""
        services.delete_message(ticket_id, message_key(message_id), request.user)
        return Response({"success": True, "message": "Message deleted"})
