from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Staff, Watcher
from accounts.viewsets import allow
from hazesite.api import Keyset, parsed
from monitoring import inputs
from monitoring import serializers as s
from monitoring.rendering import incident_json, incident_with_notes_json, note_json
from monitoring.services import incidents
from monitoring.views import examples
from monitoring.views.envelope import EnvelopeViews, key_of, many, one, refusals, success

INCIDENT = OpenApiParameter("incident_id", int, OpenApiParameter.PATH)
STATES: dict[str, dict[str, Any]] = {
    "open": {"resolved_at": None, "acknowledged_at": None},
    "acknowledged": {"resolved_at": None, "acknowledged_at__isnull": False},
    "resolved": {"resolved_at__isnull": False},
}


class IncidentViews(EnvelopeViews):
    request: MemberRequest

    @allow(Watcher)
    @extend_schema(
        parameters=[inputs.IncidentsQuery],
        responses={200: many(s.IncidentOut), **refusals(400, 401, 403)},
        examples=[examples.INCIDENTS],
    )
    def list(self, request: MemberRequest) -> Response:
        """Times of being down, the newest first."""
        query = parsed(inputs.IncidentsQuery, request.query_params.dict())
        wanted = {name: query[name] for name in ("monitor", "severity") if name in query}
        rows = incidents.incidents(request.user).filter(**wanted, **STATES.get(query.get("state", ""), {}))
        page, cursor = Keyset(rows, "started_at").page(query["limit"], query["cursor"])
        now = timezone.now()
        return success([incident_json(row, now) for row in page], next_cursor=cursor)

    @allow(Watcher)
    @extend_schema(
        parameters=[INCIDENT], responses={200: one(s.IncidentWithNotesOut), **refusals(401, 403, 404)}
    )
    def read(self, request: MemberRequest, incident_id: str) -> Response:
        """One of them, with what staff wrote about it."""
        incident = incidents.read_incident(request.user, key_of(incident_id))
        return success(incident_with_notes_json(incident, timezone.now()))

    @allow(Staff)
    @extend_schema(
        parameters=[INCIDENT],
        request=None,
        responses={200: one(s.IncidentWithNotesOut), **refusals(401, 403, 404)},
    )
    def acknowledge(self, request: MemberRequest, incident_id: str) -> Response:
        """Somebody looks after it: nobody else is woken, nor reminded. A second time changes nothing."""
        incident = incidents.acknowledge(request.user, key_of(incident_id))
        shown = incident_with_notes_json(incident, timezone.now())
        return success(shown, message="Incident acknowledged")

    @allow(Staff)
    @extend_schema(
        parameters=[INCIDENT],
        request=inputs.CommentIn,
        responses={201: one(s.NoteOut), **refusals(400, 401, 403, 404)},
        examples=[examples.COMMENT],
    )
    def comment(self, request: MemberRequest, incident_id: str) -> Response:
        """Write about it; with `public` for the status pages too."""
        body = parsed(inputs.CommentIn, request.data)
        note = incidents.comment(request.user, key_of(incident_id), **body)
        return success(note_json(note), message="Comment added", status=201)
