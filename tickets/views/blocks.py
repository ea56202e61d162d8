from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Staff
from accounts.viewsets import RoleViewSet, allow
from hazesite.api import Keyset, PageQuery, parsed
from hazesite.schema import refusals
from tickets import desk_serializers as d
from tickets import services
from tickets.errors import CannotBlockStaff
from tickets.models import Block
from tickets.rendering import person_id
from tickets.serializers import SuccessOut


class BlockViews(RoleViewSet):
    """Who may read their tickets and write nothing."""

    request: MemberRequest

    @allow(Staff)
    @extend_schema(parameters=[PageQuery], responses={200: d.BlocksOut, **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """The blocks in force, newest first."""
        query = parsed(PageQuery, request.query_params.dict())
        page, cursor = Keyset(services.blocks(request.user), "created_at").page(
            query["limit"], query["cursor"]
        )
        return Response({"blocked": [_json(block) for block in page], "next_cursor": cursor})

    @allow(Staff)
    @extend_schema(
        request=d.BlockIn, responses={200: d.BlockOut, **refusals(400, 401, 403, 404, CannotBlockStaff)}
    )
    def block(self, request: MemberRequest, user_id: str) -> Response:
        """No new tickets and no words in old ones, until a moment or for good."""
        body = parsed(d.BlockIn, request.data)
        block = services.block_user(user_id, request.user, reason=body["reason"] or "", until=body["until"])
        return Response(_json(block))

    @allow(Staff)
    @extend_schema(request=None, responses={200: SuccessOut, **refusals(401, 403, 404)})
    def unblock(self, request: MemberRequest, user_id: str) -> Response:
        """Let them write again."""
        services.unblock_user(user_id, request.user)
        return Response({"success": True, "message": "Block lifted"})


def _json(block: Block) -> dict[str, Any]:
    return {
        "user_id": block.user.user_id,
        "user_name": block.user.username,
        "reason": block.reason,
        "until": block.until,
        "blocked_by": person_id(block.blocked_by),
        "created_at": block.created_at,
    }
