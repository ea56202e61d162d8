"""Who may open a page: the admin site's sign-in counts, and the role decides."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.models import User
from monitoring.pages.language import View, in_their_language


class StaffRequest(HttpRequest):
    user: User


def staff_page(view: View) -> View:
    """Moderators and admins. Whoever is not signed in is sent to do so, and comes back."""
    return _page(view, lambda user: user.is_staff)


def admin_page(view: View) -> View:
    return _page(view, lambda user: user.is_admin)


def _page(view: View, may: Callable[[User], bool]) -> View:
    @never_cache
    @in_their_language
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return _to_sign_in(request)
        if not may(user):
            raise PermissionDenied
        with timezone.override(_zone(user)):
            return _rendered(view(request, *args, **kwargs))

    return answer


def _rendered(response: HttpResponseBase) -> HttpResponseBase:
    """While the zone is theirs."""
    render = getattr(response, "render", None)
    return render() if render else response


def _zone(user: User) -> ZoneInfo:
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """A page that only refreshes a part of itself has to leave as a whole."""
    login = reverse("admin:login")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url("monitor-dashboard")})
    return redirect_to_login(request.get_full_path(), login)
