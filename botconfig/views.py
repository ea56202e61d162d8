from __future__ import annotations

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    inline_serializer,
)
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.http import MemberRequest
from accounts.permissions import Admin
from botconfig import services
from botconfig.errors import StaleVersion
from botconfig.sections import SECTIONS
from botconfig.services import Reading
from hazesite.schema import refusals

SECTION = OpenApiParameter("section", str, OpenApiParameter.PATH, enum=list(SECTIONS))
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `ETag` of what you read; a stale one answers 412.",
)
AnySection = PolymorphicProxySerializer("Section", list(SECTIONS.values()), resource_type_field_name=None)
AllSections = inline_serializer("Sections", {name: section() for name, section in SECTIONS.items()})


class ConfigViews(ViewSet):
    """The bot's configuration: admins alone."""

    request: MemberRequest
    permission_classes = [Admin]

    @extend_schema(responses={200: AllSections, **refusals(401, 403)})
    def all(self, request: MemberRequest) -> Response:
        """All sections in one object."""
        readings = services.read_all()
        tag = ".".join(str(reading.version) for reading in readings.values())
        values = {name: reading.values for name, reading in readings.items()}
        return Response(values, headers={"ETag": f'"{tag}"'})

    @extend_schema(parameters=[SECTION], responses={200: AnySection, **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, section: str) -> Response:
        """One section, with its `ETag`."""
        return _answer(services.read_section(section))

    @extend_schema(
        parameters=[SECTION, IF_MATCH],
        request=AnySection,
        responses={200: AnySection, **refusals(400, 401, 403, 404, 409, 412)},
    )
    def change(self, request: MemberRequest, section: str) -> Response:
        """Set some fields; absent ones stay. Unknown keys and bad values: 400, and nothing is stored."""
        version = _version(request.headers.get("If-Match"))
        return _answer(services.change_section(section, request.data, request.user, version))

    @extend_schema(parameters=[SECTION], request=None, responses={200: AnySection, **refusals(401, 403, 404)})
    def reset(self, request: MemberRequest, section: str) -> Response:
        """Back to the defaults of this section."""
        return _answer(services.reset_section(section, request.user))


def _answer(reading: Reading) -> Response:
    return Response(reading.values, headers={"ETag": f'"{reading.version}"'})


def _version(if_match: str | None) -> int | None:
    """The version an `If-Match` names. One that is none of ours is stale."""
    if if_match is None or if_match.strip() == "*":
        return None
    found: Any = re.fullmatch(r'\s*(?:W/)?"(\d{1,9})"\s*', if_match)
    if found is None:
        raise StaleVersion
    return int(found[1])
