"""The admin site, for staff: moderators and admins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hazesite import origin
from hazesite.audit.services import record
from hazesite.dashboard import Group, cards_for
from hazesite.errors import Refused

if TYPE_CHECKING:  # the theme has no types; it builds on these
    from django.contrib.admin import AdminSite as ThemedSite
    from django.contrib.admin import ModelAdmin as ThemedAdmin
else:
    from unfold.admin import ModelAdmin as ThemedAdmin
    from unfold.sites import UnfoldAdminSite as ThemedSite

M = TypeVar("M", bound=Model)
# The theme's own scripts evaluate expressions that stand in its markup, and set styles. No other page of
# the site may; and here, too, no script comes from elsewhere or stands in a page.
POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


_allowed: Callable[[Any], Any] = csp_replace(POLICY)
OTHER_SIGN_INS: list[Callable[[HttpRequest], tuple[str, str] | None]] = []
"""Other ways in than a password, as label and link; None while one is off. Apps add theirs."""


class SiteAdmin(ThemedSite):
    index_title = gettext_lazy("The desk")
    index_template = "hazesite/dashboard.html"
    login_template = "hazesite/login.html"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return _allowed(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        ways = [way for offer in OTHER_SIGN_INS if (way := offer(request))]
        context = {"other_sign_ins": ways, **(extra_context or {})}
        page: HttpResponse = _allowed(super().login)(request, context)
        return page

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().index(request, {"groups": cards_for(request.user), **(extra_context or {})})

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """What the theme shows at the side: the pages this person may see, by group."""
        start = reverse("admin:index")
        first = _entry(_("Overview"), "space_dashboard", start, request.path == start)
        pages: list[Any] = [page for page in self._registry.values() if isinstance(page, PageAdmin)]
        seen = [page for page in pages if page.is_shown_to(request)]
        groups = [
            {
                "title": group.label,
                "items": [_page_entry(page, request) for page in seen if page.group == group],
            }
            for group in Group
        ]
        return [{"items": [first]}, *groups]


def _page_entry(page: PageAdmin[Any], request: HttpRequest) -> dict[str, Any]:
    meta = page.model._meta
    link = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    title = str(page.title or meta.verbose_name_plural)
    return _entry(title[:1].upper() + title[1:], page.icon, link, request.path.startswith(link))


def _entry(title: str, icon: str, link: str, active: bool) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link, "active": active, "has_permission": True}


class NarrowLookups:
    """For admin classes: the address of a list filters by what the list offers, and by nothing else.

    Django lets `?password__startswith=` through, which answers questions about secrets one by one.
    """

    list_filter: ClassVar[Any]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        offered = [_parameter(entry) for entry in self.list_filter]
        column, _separator, rest = lookup.partition("__")
        return column in offered and rest in ("", "exact", "gte", "lt", "isnull", "in")


def _parameter(entry: Any) -> str:
    """The name in the address of one entry of `list_filter`."""
    if isinstance(entry, tuple):
        return str(entry[0])
    return str(getattr(entry, "parameter_name", entry))


class PageAdmin(NarrowLookups, ThemedAdmin[M]):
    """The base of every admin page: themed, at its place in the navigation, asking narrow questions.

    `icon` is a name of Material Symbols, `title` (optional) what the navigation calls the page.
    """

    group = Group.SITE
    icon = "table_rows"
    title: Any = ""
    show_full_result_count = False
    list_fullwidth = True
    actions_are_deeds = False
    """Whether each of its actions is recorded for each row: where no service does it."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record("added", request, [obj], message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record("changed", request, [obj], message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        self._record("deleted", request, queryset, None)
        return super().log_deletions(request, queryset)

    def response_action(self, request: HttpRequest, queryset: Any, *where: Any, **more: Any) -> Any:
        before = origin.current().recorded
        answer = super().response_action(request, queryset, *where, **more)
        if self.actions_are_deeds and origin.current().recorded == before:
            verb, label = f"admin.{request.POST.get('action')}", self.model._meta.label_lower
            with transaction.atomic():
                for key in request.POST.getlist("_selected_action"):
                    record(verb, label, key, actor_id=request.user.pk)
        return answer

    def _record(self, deed: str, request: HttpRequest, rows: Iterable[Model], message: Any) -> None:
        """What no service has told of already."""
        if origin.current().recorded:
            return
        fields = [name for part in message or () for name in _fields_of(part)] if deed == "changed" else []
        with transaction.atomic():
            for row in rows:
                facts = {"fields": fields} if fields else None
                label = row._meta.label_lower
                record(f"admin.{deed}", label, row.pk, actor_id=request.user.pk, after=facts)

    def is_shown_to(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request) and self.has_view_or_change_permission(request)


def _fields_of(part: Any) -> list[str]:
    """Of one part of the message that the admin site makes of a form."""
    return [str(name) for name in part.get("changed", {}).get("fields", [])] if isinstance(part, dict) else []


def labelled(column: str, kinds: Mapping[str, str]) -> Callable[[Any, Any], tuple[str, str]]:
    """A column of a list that shows a choice as a coloured label.

    `kinds` gives each value one of the theme's colours: info, success, warning, danger.
    """

    def show(_page: Any, row: Any) -> tuple[str, str]:
        return getattr(row, column), getattr(row, f"get_{column}_display")()

    show.label = dict(kinds)  # type: ignore[attr-defined]
    show.short_description = gettext_lazy(column.capitalize())  # type: ignore[attr-defined]
    show.admin_order_field = column  # type: ignore[attr-defined]
    return show


class ReadOnly:
    """For admin classes: nothing is added, changed or deleted through forms of the admin's own."""

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


def attempt(request: HttpRequest, work: Callable[[], Any], done: str) -> bool:
    """Run a service; tell the person that it is done, or why it was refused."""
    try:
        work()
    except Refused as refused:
        messages.error(request, str(refused))
        return False
    messages.success(request, done)
    return True


def for_each(request: HttpRequest, rows: Iterable[Model], work: Callable[[Any], Any]) -> None:
    """Run a service for each row, and say how many it was done for and why not for the others."""
    done, reasons = 0, set()
    for row in rows:
        try:
            work(row)
            done += 1
        except Refused as refused:
            reasons.add(str(refused))
    if done:
        sentence = ngettext("Done for %(count)d entry.", "Done for %(count)d entries.", done)
        messages.success(request, sentence % {"count": done})
    for reason in sorted(reasons):
        messages.error(request, _("Refused: %(reason)s") % {"reason": reason})
