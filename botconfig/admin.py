"""The configuration for admins: a page for each section, with its history and the way back."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from rest_framework.exceptions import ValidationError

from botconfig import description, services, verification
from botconfig.admin_form import SectionForm, form_of
from botconfig.models import Section, SectionVersion
from botconfig.sections import SECTIONS
from hazesite.admin_site import PageAdmin, attempt
from hazesite.dashboard import Group
from hazesite.errors import Refused

A_PAGE = 20
NOTHING = "\N{EN DASH}"


@admin.register(Section)
class SectionAdmin(PageAdmin[Section]):
    group, icon, title = Group.BOT, "tune", gettext_lazy("Configuration")

    class Media:
        css = {"all": ["botconfig/admin.css"]}

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path(
                "<str:name>/rollback/", wrap(require_POST(self.roll_back)), name="botconfig_section_rollback"
            ),
            path("<str:name>/reset/", wrap(require_POST(self.reset)), name="botconfig_section_reset"),
        ]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._refuse_others(request)
        rows = {row.name: row for row in Section.objects.select_related("changed_by")}
        shown = [_summary(name, rows.get(name)) for name in SECTIONS]
        return self._page(request, "sections", title=self.title, sections=shown)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Not the base's, which would check the form inside of a transaction."""
        self._refuse_others(request)
        name = _known(object_id)
        reading = services.read_section(name)
        made = form_of(name, reading.values)
        form = made(request.POST) if request.method == "POST" else made(initial={"version": reading.version})
        if form.is_valid() and _saved(request, name, form):
            return _back(name)
        return self._section(request, name, form)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._refuse_others(request)
        return _back(_known(object_id))

    def roll_back(self, request: HttpRequest, name: str) -> HttpResponse:
        self._refuse_others(request)
        version, seen = _number(request, "to"), _number(request, "version")
        done = _("Version %(version)d of it is in force again.") % {"version": version}
        attempt(request, lambda: services.roll_back(_known(name), version, _actor(request), seen), done)
        return _back(name)

    def reset(self, request: HttpRequest, name: str) -> HttpResponse:
        self._refuse_others(request)
        seen = _number(request, "version")
        done = _("The defaults are in force again.")
        attempt(request, lambda: services.reset_section(_known(name), _actor(request), seen), done)
        return _back(name)

    def _refuse_others(self, request: HttpRequest) -> None:
        if not self.has_change_permission(request):
            raise PermissionDenied

    def _section(self, request: HttpRequest, name: str, form: SectionForm) -> HttpResponse:
        try:
            versions, cursor = services.history(name, A_PAGE, request.GET.get("cursor"))
        except Refused as refused:
            raise Http404 from refused
        return self._page(
            request,
            "section",
            title=name,
            section=name,
            help=description.section(name)["help"],
            form=form,
            history=[_shown(version) for version in versions],
            next_cursor=cursor,
            **services.read_verification(name),
        )

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "model_admin": self,
            "media": self.media,
        }
        return TemplateResponse(request, f"botconfig/admin_{template}.html", shared | context)


def _saved(request: HttpRequest, name: str, form: SectionForm) -> bool:
    """Whether it is stored; else the form says why not."""
    try:
        changes = form.changes()
        reading = services.change_section(name, changes, _actor(request), form.cleaned_data["version"])
    except (ValidationError, Refused) as refused:
        form.say(refused)
        return False
    if reading.state == verification.UNVERIFIED:
        messages.warning(request, _("Saved, but not verified: the bot is away."))
    else:
        messages.success(request, _("Saved; the bot follows at once."))
    return True


def _summary(name: str, row: Section | None) -> dict[str, Any]:
    return {
        "name": name,
        "help": description.section(name)["help"],
        "link": reverse("admin:botconfig_section_change", args=[name]),
        "row": row if row and row.version else None,
        "state": verification.verification(name, row)["state"],
    }


def _shown(version: SectionVersion) -> dict[str, Any]:
    differences = [
        (field, _readable(change.get("from")), _readable(change.get("to")))
        for field, change in version.changes.items()
    ]
    return {"row": version, "differences": differences}


def _readable(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def _known(name: str) -> str:
    if name not in SECTIONS:
        raise Http404
    return name


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Http404
    return int(text)


def _back(name: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:botconfig_section_change", args=[name]))


def _actor(request: HttpRequest) -> Any:
    return request.user
