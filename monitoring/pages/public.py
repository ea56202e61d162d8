"""What needs no sign-in: status pages and badges. All of it is cached for some seconds."""

from __future__ import annotations

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.models import User
from monitoring.models import StatusPage
from monitoring.pages.badges import KINDS, MAX_HOURS, badge_of
from monitoring.pages.language import in_their_language
from monitoring.pages.published import shown

PAGE_SECONDS, BADGE_SECONDS = 5, 60
SVG = "image/svg+xml"


@require_safe
@in_their_language
def status_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    page = _page(request, slug)
    context = {"page": page, "now": _now(page)}
    return _brief(TemplateResponse(request, "monitoring/status_page.html", context), page)


@require_safe
@in_their_language
def status_now(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The part of the page that it asks for again and again."""
    page = _page(request, slug)
    return _brief(HttpResponse(_now(page)), page)


def _page(request: HttpRequest, slug: str) -> StatusPage:
    """A page that is not public is there for staff alone."""
    page = StatusPage.objects.filter(slug=slug).first()
    if page is None or not (page.is_public or _is_staff(request)):
        raise Http404
    return page


def _is_staff(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and user.is_staff


def _now(page: StatusPage) -> str:
    key = f"status-page:{page.pk}:{get_language()}"
    text: str | None = cache.get(key)
    if text is None:
        text = render_to_string("monitoring/status_now.html", {"page": page, "shown": shown(page)})
        cache.set(key, text, PAGE_SECONDS)
    return text


def _brief(response: HttpResponseBase, page: StatusPage) -> HttpResponseBase:
    kept = f"public, max-age={PAGE_SECONDS}" if page.is_public else "private, no-store"
    response.headers["Cache-Control"] = kept
    return response


@require_safe
@in_their_language
def badge(request: HttpRequest, monitor_id: int) -> HttpResponseBase:
    kind, hours = request.GET.get("kind", "status"), request.GET.get("hours", "24")
    if kind not in KINDS or monitor_id >= 2**63 or not (hours.isascii() and hours.isdigit()):
        raise Http404
    span = min(max(1, int(hours[:6])), MAX_HOURS)
    key = f"badge:{monitor_id}:{kind}:{span}:{get_language()}"
    text: str | None = cache.get(key)
    if text is None:
        made = badge_of(monitor_id, kind, span)
        if made is None:
            raise Http404
        text = made.svg()
        cache.set(key, text, BADGE_SECONDS)
    return HttpResponse(text, SVG, headers={"Cache-Control": f"public, max-age={BADGE_SECONDS}"})
