"""Error pages, and the API's documents."""

from __future__ import annotations

from typing import Any

import orjson
from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation

from hazesite.api import answer_errors
from hazesite.envelope import JSON, plain_error


class PlainErrors:
    """For views that render something else: their errors are JSON in the envelope all the same."""

    def handle_exception(self, exc: Exception) -> Any:
        answer = answer_errors(exc, {})
        return HttpResponse(orjson.dumps(answer.data), content_type=JSON, status=answer.status_code)


class ApiSchema(PlainErrors, SpectacularAPIView):
    """The OpenAPI document, as YAML or JSON: the one call that goes by `Accept`."""

    content_negotiation_class = DefaultContentNegotiation


# Swagger UI sets styles of its own; its scripts are ours to serve.
@method_decorator(csp_replace({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class ApiDocs(PlainErrors, SpectacularSwaggerSplitView):
    """Swagger UI, served from here without a CDN."""


# Redoc too; its search runs in a worker made of a text of its own.
@method_decorator(
    csp_replace({"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]}), name="dispatch"
)
class ApiReading(PlainErrors, SpectacularRedocView):
    """Redoc, for reading; served from here too."""

    template_name = "hazesite/redoc.html"


def favicon(_request: HttpRequest) -> HttpResponse:
    """Browsers ask for it on pages that name none, such as the admin's."""
    return HttpResponseRedirect(static("tickets/icon.svg"))


@csrf_exempt
def no_such_call(_request: HttpRequest) -> HttpResponse:
    return plain_error(404, "not_found", str(_("There is no such call in this API.")))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, "invalid", _("This request is not valid."))


def forbidden(request: HttpRequest, exception: Exception, **_more: Any) -> HttpResponse:
    return _page(request, 403, "not_allowed", _("You may not do that."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "not_found", _("There is nothing here."))


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, "server_error", _("Something went wrong on our side."))


def _page(request: HttpRequest, status: int, code: str, sentence: Promise) -> HttpResponse:
    """For people in the language of the page that they asked for, else in their browser's."""
    if f"{request.path}/".startswith("/api/"):
        return plain_error(status, code, str(sentence))
    language = getattr(request, "LANGUAGE_CODE", "") or translation.get_language_from_request(request)
    with translation.override(language):
        answer = render(request, "hazesite/error.html", {"sentence": sentence}, status=status)
    answer.headers["Content-Language"] = language
    patch_vary_headers(answer, ("Accept-Language", "Cookie"))
    return answer
