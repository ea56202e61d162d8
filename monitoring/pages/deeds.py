"""Buttons of the pages: each calls one service and goes back to where it was."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hazesite.admin_site import attempt
from hazesite.errors import Refused
from monitoring.pages.access import StaffRequest, admin_page, staff_page
from monitoring.services import channels, incidents, monitors


@require_POST
@admin_page
def pause(request: StaffRequest, monitor_id: int) -> HttpResponseBase:
    attempt(request, lambda: monitors.pause_monitor(request.user, monitor_id), _("It is paused."))
    return redirect("monitor-page", monitor_id)


@require_POST
@admin_page
def resume(request: StaffRequest, monitor_id: int) -> HttpResponseBase:
    attempt(request, lambda: monitors.resume_monitor(request.user, monitor_id), _("It is watched again."))
    return redirect("monitor-page", monitor_id)


@require_POST
@admin_page
def check_now(request: StaffRequest, monitor_id: int) -> HttpResponseBase:
    done = _("It is checked now; the result appears by itself.")
    attempt(request, lambda: monitors.check_now(request.user, monitor_id), done)
    return redirect("monitor-page", monitor_id)


@require_POST
@staff_page
def acknowledge(request: StaffRequest, incident_id: int) -> HttpResponseBase:
    attempt(request, lambda: incidents.acknowledge(request.user, incident_id), _("It is acknowledged."))
    return redirect("monitor-incidents")


@require_POST
@staff_page
def comment(request: StaffRequest, incident_id: int) -> HttpResponseBase:
    text, public = request.POST.get("text", "").replace("\r\n", "\n"), "is_public" in request.POST
    attempt(
        request,
        lambda: incidents.comment(request.user, incident_id, text, public=public),
        _("The comment is stored."),
    )
    return redirect("monitor-incidents")


@require_POST
@admin_page
def try_channel(request: StaffRequest, channel_id: int) -> HttpResponseBase:
    """Waits for the other side; a page with scripts shows the outcome beside the button."""
    try:
        tried = channels.test_channel(request.user, channel_id)
        outcome = (tried.ok, _("The test arrived.") if tried.ok else tried.detail)
    except Refused as refused:
        outcome = (False, str(refused))
    ok, sentence = outcome
    if request.headers.get("HX-Request"):
        return TemplateResponse(request, "monitoring/tried.html", {"ok": ok, "sentence": sentence})
    (messages.success if ok else messages.error)(request, sentence)
    return redirect("monitor-settings")
