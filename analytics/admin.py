"""The dashboard: what the app was used for, for staff to look at each Monday."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from rest_framework.exceptions import ValidationError

from analytics import exporting, keeping, serializers
from analytics.answers import people, sessions
from analytics.answers.window import Window, window
from analytics.dashboard import board
from analytics.models import UsageDay
from hazesite import downloads
from hazesite.admin_site import PageAdmin, ReadOnly
from hazesite.api import flat_errors, parsed
from hazesite.dashboard import Group
from hazesite.errors import Refused

FIELDS = ("days", "from", "to", "platform", "version", "role")


@admin.register(UsageDay)
class AnalyticsAdmin(ReadOnly, PageAdmin[UsageDay]):
    group, icon, title = Group.SITE, "monitoring", gettext_lazy("Analytics")

    class Media:
        css = {"all": ["analytics/uplot/uPlot.min.css", "analytics/dashboard.css"]}

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("live/", wrap(self.live), name="analytics_live"),
            path("export/", wrap(self.export), name="analytics_export"),
            path("reset/", wrap(require_POST(self.reset)), name="analytics_reset"),
        ]
        return own + super().get_urls()[:1]  # the list alone: there is nothing to see of one row

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._refuse_others(request)
        asked, mistake = _asked(request)
        feature = request.GET.get("feature", "")
        actor: Any = request.user
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": self.title,
            "mistake": mistake,
            "query": urlencode({name: request.GET[name] for name in FIELDS if request.GET.get(name)}),
            "inactive": people.inactive(actor, people.MONTH).count(),
            "confirm": keeping.CONFIRM,
            **board(actor, asked, feature),
        }
        return TemplateResponse(request, "analytics/admin_dashboard.html", context)

    def live(self, request: HttpRequest) -> HttpResponse:
        self._refuse_others(request)
        return JsonResponse(sessions.online())

    def export(self, request: HttpRequest) -> HttpResponseBase:
        self._refuse_others(request)
        actor: Any = request.user
        try:
            given = parsed(serializers.ExportQuery, request.GET)
            asked, _mistake = _asked(request)
            file, size, kind, name = exporting.export(actor, asked, given["dataset"], given["format"])
        except (Refused, ValidationError) as refused:
            messages.error(request, _sentence(refused))
            return _back()
        return downloads.made(request, file, size, kind, name)

    def reset(self, request: HttpRequest) -> HttpResponse:
        self._refuse_others(request)
        actor: Any = request.user
        try:
            uses = keeping.reset(actor, request.POST.get("confirm", ""))
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("%(count)d uses are forgotten.") % {"count": uses})
        return _back()

    def _refuse_others(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _asked(request: HttpRequest) -> tuple[Window, str]:
    """What the address asks for; where that is impossible, the last month and the reason."""
    asked = {name: request.GET[name] for name in FIELDS if request.GET.get(name)}
    try:
        given = parsed(serializers.WindowQuery, asked)
        kind = {name: given.get(name) for name in ("platform", "version", "role")}
        return window(first=given.get("from"), last=given.get("to"), length=given.get("days"), **kind), ""
    except (Refused, ValidationError) as refused:
        return window(), _sentence(refused)


def _sentence(refused: Refused | ValidationError) -> str:
    fields = (
        refused.details.get("fields", {}) if isinstance(refused, Refused) else flat_errors(refused.detail)
    )
    told = [f"{name}: {' '.join(reasons)}" for name, reasons in dict(fields).items()]  # type: ignore[call-overload]
    return "; ".join(told) or str(refused)


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:analytics_usageday_changelist"))
