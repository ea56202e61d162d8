from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiRequest, OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.models import User
from accounts.viewsets import RoleViewSet
from hazesite import downloads, ratelimits
from hazesite.api import parsed
from hazesite.errors import Unfit
from hazesite.schema import refusals
from hazesite.uploads import TooManyUploads, TooSlow
from tickets import serializers as s
from tickets import services
from tickets.attached_files import ENDINGS, SHOWN_BY_BROWSERS, TEXT
from tickets.errors import Blocked, FileTooLarge, NonceReused, TicketClosed, TicketMerged, UnsupportedFile
from tickets.rendering import message_json
from tickets.views.requests import IDEMPOTENCY_KEY, nonce_of, source_of

TRANSCRIPTS_PER_USER = "10/m"
FILES = {"file": {"contentType": ", ".join(ENDINGS)}}


class FileViews(RoleViewSet):
    request: MemberRequest
    parser_classes = [MultiPartParser]

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request={"multipart/form-data": OpenApiRequest(s.AttachIn, encoding=FILES)},
        responses={
            200: s.SentOut,
            **refusals(
                400,
                401,
                403,
                Blocked,
                404,
                TicketClosed,
                TicketMerged,
                NonceReused,
                Unfit,
                FileTooLarge,
                UnsupportedFile,
                429,
                TooSlow,
                TooManyUploads,
            ),
        },
    )
    def attach(self, request: MemberRequest, ticket_id: str) -> Response:
        """Post a message with files: pictures, PDF, text, zip, sound, film."""
        body = parsed(s.AttachIn, request.data)
        message = services.attach_files(
            ticket_id,
            request.user,
            body["file"],
            body["message"] or "",
            nonce=nonce_of(request.headers, body["client_nonce"]),
            source=source_of(request.headers),
            is_note=body["note"],
        )
        return Response({"success": True, "message": message_json(message)})

    @extend_schema(
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="`If-None-Match` names these bytes."),
            **refusals(401, 403, 404, 416),
        }
    )
    def read(self, request: MemberRequest, ticket_id: str, attachment_id: str) -> HttpResponseBase:
        """The bytes of an attachment; parts of them with `Range`."""
        return attachment_answer(request._request, ticket_id, attachment_id, request.user)

    @extend_schema(
        parameters=[s.TranscriptQuery],
        responses={
            (200, "text/html"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/plain"): OpenApiTypes.STR,
            **refusals(400, 401, 403, 404, 429),
        },
    )
    def transcript(self, request: MemberRequest, ticket_id: str) -> HttpResponseBase:
        """The whole conversation as one file to keep."""
        query = parsed(s.TranscriptQuery, request.query_params.dict())
        return transcript_answer(request._request, ticket_id, request.user, query["format"])


def transcript_answer(request: HttpRequest, ticket_id: str, reader: User, kind: str) -> HttpResponseBase:
    """For every door that offers transcripts. Raises `NotFound`, `TooMany`."""
    ratelimits.spend("transcripts", reader.pk, TRANSCRIPTS_PER_USER)
    made = services.transcript(ticket_id, reader, kind)
    return downloads.made(request, made.file, made.size, made.content_type, made.name)


def attachment_answer(
    request: HttpRequest, ticket_id: str, attachment_id: str, reader: User
) -> HttpResponseBase:
    """For every door that shows attachments. Raises `NotFound`."""
    attachment = services.attachment_for(ticket_id, attachment_id, reader)
    stored = attachment.stored
    charset = "; charset=utf-8" if stored.content_type == TEXT else ""
    file = downloads.Sent(
        open=lambda: services.open_attachment(attachment),
        size=stored.size,
        digest=stored.digest,
        content_type=stored.content_type + charset,
        name=attachment.name,
        inline=stored.content_type in SHOWN_BY_BROWSERS,
    )
    return downloads.answer(request, file)
