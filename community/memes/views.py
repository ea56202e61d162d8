from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.http import MemberRequest
from community.errors import SourceDown, SourceFailed
from community.memes import generator, services
from community.memes import serializers as s
from community.memes.templates import TEMPLATES, WIDTH, Template
from community.waiting import answer_when_known
from hazesite.api import parsed
from hazesite.errors import Unfit
from hazesite.schema import refusals

PNG = {(200, "image/png"): OpenApiTypes.BINARY}


class MemeViews(ViewSet):
    request: MemberRequest

    @extend_schema(
        parameters=[s.RandomQuery],
        responses={200: s.MemeOut, **refusals(400, 401, 403, services.SourceOff, SourceFailed, SourceDown)},
    )
    def random(self, request: MemberRequest) -> Response:
        """A meme the caller has not seen lately.

        Without `source` any will do, and one that fails is made up for by another. When none answers the last
        known memes are shown; `source` of a refusal names who failed.
        """
        wanted = services.wish(parsed(s.RandomQuery, request.query_params.dict())["source"])
        user, late = request.user, services.too_late(wanted)
        return answer_when_known(request, lambda: services.random_meme(user, wanted), late)

    @extend_schema(responses={200: s.TemplatesOut, **refusals(401, 403)})
    def templates(self, request: MemberRequest) -> Response:
        """Pictures to write on."""
        found = [_template(one) for one in TEMPLATES.values()]
        return Response({"templates": found}, headers=_kept())

    @extend_schema(responses={**PNG, **refusals(401, 403, generator.UnknownTemplate)})
    def template(self, request: MemberRequest, template: str) -> HttpResponse:
        """One of them, without texts."""
        return HttpResponse(generator.blank_png(template), content_type="image/png", headers=_kept())

    @extend_schema(
        request=s.GenerateIn,
        responses={**PNG, **refusals(400, 401, 403, generator.UnknownTemplate, 429, Unfit)},
    )
    def generate(self, request: MemberRequest) -> HttpResponse:
        """The template with these texts, as a PNG."""
        body = parsed(s.GenerateIn, request.data)
        picture = generator.generate_meme(request.user, body["template"], body["texts"])
        return HttpResponse(picture, content_type="image/png")


def _kept() -> dict[str, str]:
    return {"Cache-Control": f"private, max-age={generator.cache_seconds()}"}


def _template(one: Template) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "width": WIDTH,
        "height": one.height,
        "texts": len(one.boxes),
        "hints": list(one.hints),
        "url": f"/api/memes/templates/{one.name}",
    }
