"""The admin site, for staff: moderators and admins sign in here with a password."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hazesite.errors import Refused


class SiteAdmin(AdminSite):
    site_header = gettext_lazy("HazeBot")
    site_title = gettext_lazy("HazeBot")
    index_title = gettext_lazy("The desk")


class NarrowLookups:
    """For admin classes: the address of a list filters by what the list offers, and by nothing else.

    Django lets `?password__startswith=` through, which answers questions about secrets one by one.
    """

    list_filter: ClassVar[Any]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        offered = [entry[0] if isinstance(entry, tuple) else str(entry) for entry in self.list_filter]
        column, _separator, rest = lookup.partition("__")
        return column in offered and rest in ("", "exact", "gte", "lt", "isnull", "in")


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
