from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from analytics.collecting import note_request


class Usage:
    """Counts what signed-in people ask of the API as use of a feature. It neither waits nor fails."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        note_request(request, response.status_code)
        return response
