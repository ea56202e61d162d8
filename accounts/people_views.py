from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts import access, directory, erasing, exporting, services
from accounts import people_serializers as p
from accounts import serializers as s
from accounts.audit_log import audit_page
from accounts.errors import Erased, LastAdmin, NotConfirmed, RoleFromDiscord
from accounts.http import MemberRequest
from accounts.models import User
from accounts.permissions import Admin, Staff
from accounts.viewsets import RoleViewSet, allow
from hazesite import downloads
from hazesite.api import Keyset, PageQuery, parsed
from hazesite.schema import refusals


class PeopleViews(RoleViewSet):
    """People, for staff. What changes somebody is for admins alone, and is in the audit log."""

    request: MemberRequest

    @allow(Staff)
    @extend_schema(parameters=[p.PeopleQuery], responses={200: p.PeopleOut, **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """Everybody, the newest account first: by a part of the name or a whole id, by role, by block."""
        query = parsed(p.PeopleQuery, request.query_params.dict())
        limit, cursor = query.pop("limit"), query.pop("cursor")
        page, following = Keyset(directory.people(request.user, **query), "created_at").page(limit, cursor)
        context = {"last_seen": directory.last_seen(page)}
        return Response(
            {"users": p.PersonOut(page, many=True, context=context).data, "next_cursor": following}
        )

    @allow(Staff)
    @extend_schema(responses={200: p.PersonOut, **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, user_id: str) -> Response:
        """Somebody."""
        return _shown(directory.person(user_id, request.user))

    @allow(Admin)
    @extend_schema(
        request=p.RoleIn,
        responses={200: p.PersonOut, **refusals(400, 401, 403, 404, RoleFromDiscord, LastAdmin, Erased)},
    )
    def change(self, request: MemberRequest, user_id: str) -> Response:
        """Grant a role, from the next request on. Refused below what the Discord server gives, and for the
        last admin."""
        return _shown(access.set_role(user_id, request.user, parsed(p.RoleIn, request.data)["role"]))

    @allow(Admin)
    @extend_schema(request=None, responses={200: p.PersonOut, **refusals(401, 403, 404, LastAdmin)})
    def block(self, request: MemberRequest, user_id: str) -> Response:
        """Sign them out everywhere, and let them in no more."""
        return _shown(access.block_person(user_id, request.user))

    @allow(Admin)
    @extend_schema(request=None, responses={200: p.PersonOut, **refusals(401, 403, 404, Erased)})
    def unblock(self, request: MemberRequest, user_id: str) -> Response:
        """Let them in again."""
        return _shown(access.unblock_person(user_id, request.user))

    @allow(Admin)
    @extend_schema(parameters=[PageQuery], responses={200: s.SessionsOut, **refusals(400, 401, 403, 404)})
    def sessions(self, request: MemberRequest, user_id: str) -> Response:
        """Their live sign-ins, last used first."""
        query = parsed(PageQuery, request.query_params.dict())
        page, cursor = Keyset(directory.sign_ins_of(user_id, request.user), "last_seen_at").page(**query)
        out = s.SessionOut(page, many=True, context={"current": request.auth.pk})
        return Response({"sessions": out.data, "next_cursor": cursor})

    @allow(Admin)
    @extend_schema(request=None, responses={200: s.DoneOut, **refusals(401, 403, 404)})
    def end_sessions(self, request: MemberRequest, user_id: str) -> Response:
        """End all their sign-ins, those at the admin site too."""
        count = services.end_sessions_as(request.user, directory.person(user_id, request.user))
        return Response({"success": True, "message": f"{count} sign-ins ended"})

    @allow(Admin)
    @extend_schema(request=None, responses={200: s.DoneOut, **refusals(401, 403, 404)})
    def end_session(self, request: MemberRequest, user_id: str, key: str) -> Response:
        """End one of their sign-ins."""
        directory.end_one(user_id, key, request.user)
        return Response({"success": True, "message": "Session ended"})

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT, **refusals(401, 403, 404, 429)})
    def export(self, request: MemberRequest, user_id: str) -> HttpResponseBase:
        """All that is known of somebody as one JSON file, attachments included: one's own, or for an admin
        anybody's."""
        file, size, name = exporting.export_for(user_id, request.user)
        return downloads.made(request._request, file, size, "application/json; charset=utf-8", name)

    @extend_schema(
        request=p.EraseIn,
        responses={202: p.ErasureOut, **refusals(400, 401, 403, 404, NotConfirmed, LastAdmin)},
    )
    def erase(self, request: MemberRequest, user_id: str) -> Response:
        """Forget somebody for good. By an admin it begins at once and cannot be undone; one's own is asked
        for, and begins when an admin agrees by the same call."""
        confirm = parsed(p.EraseIn, request.data)["confirm"]
        return Response(p.ErasureOut(erasing.ask_or_erase(user_id, request.user, confirm)).data, status=202)


def _shown(user: User) -> Response:
    return Response(p.PersonOut(user, context={"last_seen": directory.last_seen([user])}).data)


class ErasureViews(RoleViewSet):
    request: MemberRequest

    @allow(Admin)
    @extend_schema(parameters=[PageQuery], responses={200: p.ErasuresOut, **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """Erasures asked for, running and done, the newest first."""
        query = parsed(PageQuery, request.query_params.dict())
        page, cursor = Keyset(erasing.erasures(request.user), "asked_at").page(**query)
        return Response({"erasures": p.ErasureOut(page, many=True).data, "next_cursor": cursor})

    @allow(Admin)
    @extend_schema(responses={200: p.ErasureOut, **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, erasure_id: str) -> Response:
        """How far one is."""
        return Response(p.ErasureOut(erasing.read_erasure(request.user, erasure_id)).data)


class AuditViews(RoleViewSet):
    request: MemberRequest

    @allow(Admin)
    @extend_schema(parameters=[p.AuditQuery], responses={200: p.AuditOut, **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """What staff did, the newest first."""
        query: dict[str, Any] = parsed(p.AuditQuery, request.query_params.dict())
        entries, cursor = audit_page(query)
        return Response({"entries": entries, "next_cursor": cursor})
