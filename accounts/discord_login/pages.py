"""The way into the admin site with Discord."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.discord_login import services
from accounts.http import device_of
from accounts.models import LoginAttempt
from hazesite.errors import Refused

BACKEND = "django.contrib.auth.backends.ModelBackend"
MARK = "discord_login"
"""In the browser's session: the key of the attempt that began there."""


# A form would be tidier, but `form-action 'self'` also forbids that its answer leads to Discord.
@never_cache
@require_GET
def begin(request: HttpRequest) -> HttpResponseRedirect:
    next_path = _own(request.GET.get("next", ""))
    try:
        begun = services.begin(LoginAttempt.Platform.ADMIN, device_of(request).address, next_path)
    except Refused as refused:
        return _refused(request, refused, next_path)
    request.session[MARK] = begun.key
    return HttpResponseRedirect(begun.auth_url)


def enter(request: HttpRequest, attempt: LoginAttempt, said: Mapping[str, str]) -> HttpResponseRedirect:
    """A session of the admin site for staff; others are told why not, at its login page."""
    next_path = _own(attempt.next_path)
    try:
        user = services.staff_member(attempt, said, request.session.pop(MARK, ""))
    except Refused as refused:
        return _refused(request, refused, next_path)
    login(request, user, BACKEND)
    return HttpResponseRedirect(next_path or reverse("admin:index"))


def link(request: HttpRequest) -> tuple[str, str] | None:
    """For the admin's login page: what its button says, and where it leads."""
    if not services.is_configured():
        return None
    next_path = _own(request.GET.get("next", ""))
    query = f"?{urlencode({'next': next_path})}" if next_path else ""
    return _("Log in with Discord"), reverse("discord-login") + query


def _own(path: str) -> str:
    """The path if it is one of this site and short, else nothing."""
    longest = LoginAttempt._meta.get_field("next_path").max_length or 0
    own = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if own and len(path) <= longest else ""


def _refused(request: HttpRequest, refused: Refused, next_path: str) -> HttpResponseRedirect:
    messages.error(request, str(refused))
    query = f"?{urlencode({'next': next_path})}" if next_path else ""
    return HttpResponseRedirect(reverse("admin:login") + query)
