"""Adding, changing and removing: one view for everything that admins set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from hazesite.admin_site import attempt
from hazesite.errors import NotFound, Refused
from monitoring.models import NotificationChannel
from monitoring.pages import kinds, names, settings_forms
from monitoring.pages.access import StaffRequest, admin_page, staff_page
from monitoring.pages.forms import ServiceForm
from monitoring.pages.monitor_form import MonitorForm
from monitoring.services import channels, escalations, monitors, status_pages, windows

LISTED = 200


@dataclass(frozen=True)
class Thing:
    """`save` takes the actor, the filled form and the key (None for a new one)."""

    form: type[ServiceForm]
    adding: str | Promise
    read: Callable[[User, int], Any]
    save: Callable[[User, Any, int | None], Any]
    delete: Callable[[User, int], None]
    kinds: Callable[[], Sequence[tuple[str, str]]] = list
    of_its_own: str = ""
    """The name of the page of one of them; else one goes back to the settings."""


def _save_monitor(actor: User, form: Any, key: int | None) -> Any:
    if key is None:
        return monitors.create_monitor(actor, form.given())
    return monitors.update_monitor(actor, key, form.given(), form.seen_version)


THINGS: Mapping[str, Thing] = {
    "monitor": Thing(
        MonitorForm,
        gettext_lazy("Add a monitor"),
        monitors.read_monitor,
        _save_monitor,
        monitors.delete_monitor,
        kinds.labels,
        "monitor-page",
    ),
    "channel": Thing(
        settings_forms.ChannelForm,
        gettext_lazy("Add a channel"),
        channels.read_channel,
        lambda actor, form, key: channels.save_channel(actor, form.given(), key),
        channels.delete_channel,
        lambda: [(str(name), str(label)) for name, label in NotificationChannel.Type.choices],
    ),
    "window": Thing(
        settings_forms.WindowForm,
        gettext_lazy("Add a maintenance window"),
        windows.read_window,
        lambda actor, form, key: windows.save_window(actor, form.given(), key),
        windows.delete_window,
    ),
    "policy": Thing(
        settings_forms.PolicyForm,
        gettext_lazy("Add an escalation policy"),
        escalations.read_policy,
        lambda actor, form, key: escalations.save_policy(actor, form.given(), key),
        escalations.delete_policy,
    ),
    "page": Thing(
        settings_forms.StatusPageForm,
        gettext_lazy("Add a status page"),
        status_pages.read_page,
        lambda actor, form, key: status_pages.save_page(actor, form.given(), key),
        status_pages.delete_page,
    ),
}


@staff_page
def settings_page(request: StaffRequest) -> HttpResponseBase:
    user = request.user
    context = {
        "here": "settings",
        "channels": channels.channels(user)[:LISTED],
        "windows": windows.windows(user)[:LISTED],
        "policies": escalations.policies(user)[:LISTED],
        "pages": status_pages.pages(user)[:LISTED],
        "channel_kinds": THINGS["channel"].kinds(),
    }
    return TemplateResponse(request, "monitoring/settings.html", context)


@admin_page
def edit(request: StaffRequest, what: str, key: int | None = None) -> HttpResponseBase:
    thing = THINGS[what]
    row = None if key is None else _read(thing, request.user, key)
    kind = _kind(thing, request, row)
    form = thing.form(request.POST or None, actor=request.user, row=row, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            saved = thing.save(request.user, form, key)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("It is saved."))
            return redirect(_back(thing, saved.pk))
    context = {
        "form": form,
        "title": str(row) if row is not None else thing.adding,
        "row": row,
        "what": what,
        "kind": kind,
        "kinds": [] if row is not None else thing.kinds(),
        "back": _back(thing, key),
    }
    return TemplateResponse(request, "monitoring/edit.html", context)


def _read(thing: Thing, user: User, key: int) -> Any:
    if key >= 2**63:
        raise Http404
    try:
        return thing.read(user, key)
    except NotFound:
        raise Http404 from None


def _kind(thing: Thing, request: StaffRequest, row: Any) -> str:
    if row is not None:
        return str(getattr(row, "type", ""))
    known = [name for name, _label in thing.kinds()]
    asked = request.GET.get("type", known[0] if known else "")
    if known and asked not in known:
        raise Http404
    return asked


def _back(thing: Thing, key: int | None) -> str:
    if not thing.of_its_own:
        return reverse("monitor-settings")
    return reverse("monitor-dashboard") if key is None else reverse(thing.of_its_own, args=[key])


@require_POST
@admin_page
def remove(request: StaffRequest, what: str, key: int) -> HttpResponseBase:
    thing = THINGS[what]
    _read(thing, request.user, key)
    done = attempt(request, lambda: thing.delete(request.user, key), _("It is removed."))
    return redirect(_back(thing, None if done else key))


@admin_page
def suggest(request: StaffRequest) -> HttpResponseBase:
    """Names of monitors for a form."""
    asked = request.GET.get("parent", "").strip()
    found = names.suggestions(asked) if asked else []
    return TemplateResponse(request, "monitoring/suggestions.html", {"names": found})
