from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Staff
from accounts.viewsets import RoleViewSet, allow
from hazesite.api import parsed
from hazesite.schema import refusals
from tickets import desk_serializers as d
from tickets import services
from tickets.errors import NameTaken
from tickets.models import CannedReply
from tickets.serializers import SuccessOut
from tickets.services.reading import visible_ticket


class CannedReplyViews(RoleViewSet):
    request: MemberRequest

    @allow(Staff)
    @extend_schema(responses={200: d.CannedRepliesOut, **refusals(401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """All of them, by name."""
        replies = services.canned_replies(request.user)
        return Response({"canned_replies": [_json(reply) for reply in replies]})

    @allow(Staff)
    @extend_schema(responses={200: d.FilledRepliesOut, **refusals(401, 403, 404)})
    def for_ticket(self, request: MemberRequest, ticket_id: str) -> Response:
        """All of them, filled in for this ticket; those of its category first."""
        ticket = visible_ticket(ticket_id, request.user)
        replies = services.canned_replies(request.user)
        filled = [
            {**_json(reply), "text": services.fill_in(reply.content, ticket, request.user)}
            for reply in sorted(replies, key=lambda reply: reply.category != ticket.type)
        ]
        return Response({"canned_replies": filled})

    @allow(Staff)
    @extend_schema(
        request=d.CannedReplyIn, responses={201: d.CannedReplyOut, **refusals(400, 401, 403, NameTaken)}
    )
    def add(self, request: MemberRequest) -> Response:
        """A new one; owner, staff, subject, ticket_num, type, priority in braces are filled in."""
        reply = services.save_canned_reply(request.user, parsed(d.CannedReplyIn, request.data))
        return Response(_json(reply), status=201)

    @allow(Staff)
    @extend_schema(
        request=d.CannedReplyIn(partial=True),
        responses={200: d.CannedReplyOut, **refusals(400, 401, 403, 404, NameTaken)},
    )
    def change(self, request: MemberRequest, name: str) -> Response:
        """Change one; absent keys stay."""
        form = d.CannedReplyIn(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return Response(_json(services.save_canned_reply(request.user, form.validated_data, name)))

    @allow(Staff)
    @extend_schema(request=None, responses={200: SuccessOut, **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, name: str) -> Response:
        """Take one away."""
        services.delete_canned_reply(request.user, name)
        return Response({"success": True, "message": "Canned reply deleted"})


def _json(reply: CannedReply) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in ("name", "content", "category", "updated_at")}
