from __future__ import annotations

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.http import MemberRequest
from accounts.permissions import Admin
from botconfig import description, services, verification
from botconfig.errors import (
    CannotBeCarriedOut,
    SetByEnvironment,
    StaleVersion,
    UnknownSection,
    UnknownVersion,
    VersionNotValid,
)
from botconfig.models import SectionVersion
from botconfig.schema import AnySection, SectionOperation
from botconfig.sections import SECTIONS
from botconfig.services import Reading
from hazesite.api import PageQuery, parsed
from hazesite.errors import Unfit
from hazesite.fields import Strict, Whole
from hazesite.schema import refusals

SECTION = OpenApiParameter("section", str, OpenApiParameter.PATH, enum=list(SECTIONS))
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `ETag` of what you read; a stale one answers 412.",
)
STATES = [verification.VERIFIED, verification.UNVERIFIED, verification.FAILED]
STATE = OpenApiParameter(
    "X-Verification",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    enum=STATES,
    response=[200],
    description="Whether what it names was found in the server; `unverified` while the bot is away.",
)
VERSION = OpenApiParameter(
    "ETag",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[200],
    description="Names this version, for `If-Match`.",
)
AllSections = inline_serializer("Sections", {name: section() for name, section in SECTIONS.items()})


class RollbackIn(Strict):
    version = Whole(min_value=0, max_value=2**31 - 1, help_text="0: the defaults.")


class VersionOut(serializers.ModelSerializer[SectionVersion]):
    by = serializers.CharField(
        source="by.user_id", default=None, allow_null=True, help_text="A `user_id`; null: no person."
    )
    by_name = serializers.CharField(source="by.username", default=None, allow_null=True)
    changes = serializers.DictField(
        child=inline_serializer(
            "Difference", {"from": serializers.JSONField(), "to": serializers.JSONField()}
        ),
        help_text="What differed from the version before, by field.",
    )

    class Meta:
        model = SectionVersion
        fields = ["version", "at", "by", "by_name", "reason", "restored", "changes"]


class VersionsOut(serializers.Serializer[Any]):
    history = VersionOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class ProblemOut(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="With its place, as `interest_role_ids.0`.")
    code = serializers.CharField()
    reason = serializers.CharField()


class VerificationOut(serializers.Serializer[Any]):
    state = serializers.ChoiceField(STATES)
    version = serializers.IntegerField()
    checked_at = serializers.DateTimeField(allow_null=True)
    problems = ProblemOut(many=True)


class SchemaOut(serializers.Serializer[Any]):
    sections = serializers.DictField(
        child=inline_serializer(
            "DescribedSection",
            {
                "help": serializers.CharField(),
                "fields": serializers.DictField(
                    child=serializers.DictField(),
                    help_text="Of each field `type`, `help`, `default`, `nullable`, `set_by_environment` and "
                    "its limits; `items` of lists and maps and `fields` of objects are described likewise.",
                ),
            },
        )
    )


class ConfigViews(ViewSet):
    """The bot's configuration: admins alone."""

    request: MemberRequest
    permission_classes = [Admin]
    schema = SectionOperation()

    @extend_schema(parameters=[VERSION], responses={200: AllSections, **refusals(401, 403)})
    def all(self, request: MemberRequest) -> Response:
        """All sections in one object."""
        readings = services.read_all()
        tag = ".".join(str(reading.version) for reading in readings.values())
        values = {name: reading.values for name, reading in readings.items()}
        return Response(values, headers={"ETag": f'"{tag}"'})

    @extend_schema(responses={200: SchemaOut, **refusals(401, 403)})
    def describe(self, request: MemberRequest) -> Response:
        """What each field means and takes."""
        return Response({"sections": description.sections()})

    @extend_schema(
        parameters=[STATE, VERSION], responses={200: AnySection, **refusals(401, 403, UnknownSection)}
    )
    def read(self, request: MemberRequest, section: str) -> Response:
        """One section, with its `ETag`."""
        return _answer(services.read_section(section))

    @extend_schema(
        parameters=[IF_MATCH, STATE, VERSION],
        request={"application/json": AnySection},
        responses={
            200: AnySection,
            **refusals(
                400, 401, 403, UnknownSection, SetByEnvironment, CannotBeCarriedOut, Unfit, StaleVersion
            ),
        },
    )
    def change(self, request: MemberRequest, section: str) -> Response:
        """Set some fields; absent ones stay. Unknown keys and bad values: 400, and nothing is stored.

        What the bot could not carry out is 409 `cannot_be_carried_out` with the reasons by field.
        """
        version = _version(request.headers.get("If-Match"))
        return _answer(services.change_section(section, request.data, request.user, version))

    @extend_schema(
        parameters=[SECTION, IF_MATCH, STATE, VERSION],
        request=None,
        responses={200: AnySection, **refusals(401, 403, UnknownSection, StaleVersion)},
    )
    def reset(self, request: MemberRequest, section: str) -> Response:
        """Back to the defaults of this section."""
        version = _version(request.headers.get("If-Match"))
        return _answer(services.reset_section(section, request.user, version))

    @extend_schema(
        parameters=[SECTION, IF_MATCH, STATE, VERSION],
        request=RollbackIn,
        responses={
            200: AnySection,
            **refusals(
                400,
                401,
                403,
                UnknownSection,
                UnknownVersion,
                VersionNotValid,
                SetByEnvironment,
                CannotBeCarriedOut,
                StaleVersion,
            ),
        },
    )
    def rollback(self, request: MemberRequest, section: str) -> Response:
        """Back to an earlier version, as a version of its own. Checked like any change."""
        version = parsed(RollbackIn, request.data)["version"]
        if_version = _version(request.headers.get("If-Match"))
        return _answer(services.roll_back(section, version, request.user, if_version))

    @extend_schema(
        parameters=[SECTION, PageQuery],
        responses={200: VersionsOut, **refusals(400, 401, 403, UnknownSection)},
    )
    def history(self, request: MemberRequest, section: str) -> Response:
        """Who changed what and when, newest first."""
        page = parsed(PageQuery, request.query_params.dict())
        rows, cursor = services.history(section, page["limit"], page["cursor"])
        return Response({"history": VersionOut(rows, many=True).data, "next_cursor": cursor})

    @extend_schema(
        parameters=[SECTION], responses={200: VerificationOut, **refusals(401, 403, UnknownSection)}
    )
    def verification(self, request: MemberRequest, section: str) -> Response:
        """Whether the bot can carry the section out, and what it cannot."""
        return Response(services.read_verification(section))


def _answer(reading: Reading) -> Response:
    headers = {"ETag": f'"{reading.version}"', "X-Verification": reading.state}
    return Response(reading.values, headers=headers)


def _version(if_match: str | None) -> int | None:
    """The version an `If-Match` names. -1 for one that is none of ours, and thus stale."""
    if if_match is None or if_match.strip() == "*":
        return None
    found: Any = re.fullmatch(r'\s*(?:W/)?"(\d{1,9})"\s*', if_match)
    return -1 if found is None else int(found[1])
