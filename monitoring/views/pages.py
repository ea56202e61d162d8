from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Admin, Watcher
from accounts.viewsets import allow
from hazesite.api import parsed
from hazesite.errors import Unfit
from monitoring import serializers as s
from monitoring.paging import LongPageQuery, page_by
from monitoring.rendering import page_json
from monitoring.services import status_pages
from monitoring.services.status_pages import PageChangeIn, PageIn, SlugTaken
from monitoring.views import examples
from monitoring.views.envelope import EnvelopeViews, key_of, many, nothing, one, refusals, success

PAGE = OpenApiParameter("page_id", int, OpenApiParameter.PATH)


class PageViews(EnvelopeViews):
    """Which monitors the public sees, and under which names."""

    request: MemberRequest

    @allow(Watcher)
    @extend_schema(parameters=[LongPageQuery], responses={200: many(s.PageOut), **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """All status pages, by title."""
        query = parsed(LongPageQuery, request.query_params.dict())
        page, cursor = page_by("title", status_pages.pages(request.user), **query)
        return success([page_json(row) for row in page], next_cursor=cursor)

    @allow(Admin)
    @extend_schema(
        request=PageIn,
        responses={201: one(s.PageOut), **refusals(400, 401, 403, SlugTaken, Unfit)},
        examples=[examples.PAGE],
    )
    def add(self, request: MemberRequest) -> Response:
        """A new page, at `/status/<slug>`."""
        return success(
            page_json(status_pages.save_page(request.user, request.data)), message="Page created", status=201
        )

    @allow(Watcher)
    @extend_schema(parameters=[PAGE], responses={200: one(s.PageOut), **refusals(401, 403, 404)})
    def read(self, request: MemberRequest, page_id: str) -> Response:
        """One of them."""
        return success(page_json(status_pages.read_page(request.user, key_of(page_id))))

    @allow(Admin)
    @extend_schema(
        parameters=[PAGE],
        request=PageChangeIn,
        responses={200: one(s.PageOut), **refusals(400, 401, 403, 404, SlugTaken, Unfit)},
    )
    def change(self, request: MemberRequest, page_id: str) -> Response:
        """Change what is given; `monitors` as a whole."""
        page = status_pages.save_page(request.user, request.data, key_of(page_id))
        return success(page_json(page), message="Page changed")

    @allow(Admin)
    @extend_schema(parameters=[PAGE], request=None, responses={200: nothing(), **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, page_id: str) -> Response:
        """Its address answers 404 from now on."""
        status_pages.delete_page(request.user, key_of(page_id))
        return success(None, message="Page deleted")
