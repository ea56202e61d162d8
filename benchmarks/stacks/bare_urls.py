"""The site, and beside it the least a Django view can be that answers from the database."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import path

from hazesite.urls import urlpatterns as site
from tickets.models import Ticket


def one_query(_request: HttpRequest, ticket_id: str) -> JsonResponse:
    return JsonResponse(Ticket.objects.values("public_id", "subject", "status").get(public_id=ticket_id))


urlpatterns = [path("bare/<str:ticket_id>", one_query), *site]
