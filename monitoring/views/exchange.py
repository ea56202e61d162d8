"""Monitors into files and out of them."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Admin
from accounts.viewsets import allow
from hazesite.api import parsed
from hazesite.errors import Unfit
from monitoring import inputs
from monitoring import serializers as s
from monitoring.importing import plan, portable
from monitoring.views import examples
from monitoring.views.envelope import EnvelopeViews, one, refusals, success


class ExchangeViews(EnvelopeViews):
    request: MemberRequest

    @allow(Admin)
    @extend_schema(
        parameters=[inputs.ImportQuery],
        request=inputs.ImportIn,
        responses={200: one(s.ImportOut), **refusals(400, 401, 403, Unfit, 413)},
        examples=[examples.KUMA, examples.PORTABLE],
    )
    def take(self, request: MemberRequest) -> Response:
        """Take over an export of this site or a backup of Uptime Kuma. By names: twice makes nothing double.

        What could not be taken is in `skipped` with the reason, what is otherwise than there in `notes`.
        """
        query = parsed(inputs.ImportQuery, request.query_params.dict())
        parsed(inputs.ImportIn, request.data)
        try:
            report = plan.run(request.user, request.data, dry_run=query["dry_run"], update=query["update"])
        except portable.Unusable as unusable:
            raise Unfit(str(unusable)) from unusable
        return success(
            report.as_json(), message="Nothing was changed: a dry run" if report.dry_run else "Imported"
        )

    @allow(Admin)
    @extend_schema(
        parameters=[OpenApiParameter("Content-Disposition", str, OpenApiParameter.HEADER, response=True)],
        responses={200: one(s.ExportOut), **refusals(401, 403)},
    )
    def give(self, request: MemberRequest) -> Response:
        """All monitors and channels, for another installation. Without secrets; a command gives them."""
        name = 'attachment; filename="hazebot_monitors.json"'
        return success(portable.export(), headers={"Content-Disposition": name})
