"""The desk in the admin site: find tickets, read a conversation live, answer, note, move it on."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import label_for_field
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from hazesite.admin_site import PageAdmin, attempt, for_each, labelled
from hazesite.dashboard import Group
from hazesite.errors import Invalid, NotFound, Refused
from tickets import services, stream
from tickets.admin.moves import MOVES, offered_for
from tickets.models import Message, Rating, Ticket
from tickets.states import Priority, Status
from tickets.views.files import attachment_answer, transcript_answer

SHOWN_STEPS = 300
FORMATS = ("html", "txt", "json")
SAID = {"reply": gettext_lazy("Reply sent."), "note": gettext_lazy("Note added.")}
FACTS = (
    "public_id", "owner", "type", "priority", "claimed_by", "assigned_to", "created_at", "closed_at",
    "awaiting", "snoozed_until", "first_answer_due_at", "first_answer_at", "resolution_due_at", "merged_into",
)  # fmt: skip


class SayForm(forms.Form):
    message = forms.CharField(max_length=4000, strip=False, widget=forms.Textarea)
    # Sent twice by a double click or a reload, it is still one message.
    nonce = forms.CharField(max_length=128, widget=forms.HiddenInput)


@admin.register(Ticket)
class TicketAdmin(PageAdmin[Ticket]):
    group, icon = Group.DESK, "forum"

    class Media:
        css = {"all": ["tickets/admin.css"]}

    change_form_template = "tickets/admin_ticket.html"
    list_display = [
        "number", "subject", "owner", "shown_status", "shown_priority", "type", "claimed_by", "assigned_to",
    ]  # fmt: skip
    list_display_links = ["number", "subject"]
    list_filter = [
        "status",
        "awaiting",
        "priority",
        "type",
        "answer_overdue",
        "resolution_overdue",
        "created_at",
    ]
    search_fields = ["subject", "=public_id", "owner__username"]
    list_select_related = ["owner", "claimed_by", "assigned_to"]
    ordering = ["-active_at", "-pk"]
    actions = ["claim", "snooze_a_day", "unclaim", "close", "reopen", "delete_tickets"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return Ticket.objects.visible_to(_actor(request)).order_by(*self.ordering)

    @admin.display(description="#", ordering="pk")
    def number(self, ticket: Ticket) -> int:
        return ticket.pk

    shown_status = labelled("status", {Status.OPEN: "success", Status.CLAIMED: "info"})
    shown_priority = labelled("priority", {Priority.URGENT: "danger", Priority.HIGH: "warning"})

    # The admin's own forms change nothing here; whoever may change tickets does it through the services.
    def has_add_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if not _actor(request).is_admin:
            actions.pop("delete_tickets", None)
        return actions

    @admin.action(description=gettext_lazy("Claim"), permissions=["change"])
    def claim(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        _move_each(request, tickets, "claim")

    @admin.action(description=gettext_lazy("Snooze for a day"), permissions=["change"])
    def snooze_a_day(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        until = timezone.now() + timedelta(days=1)
        for_each(request, tickets, lambda row: services.snooze_ticket(row.public_id, _actor(request), until))

    @admin.action(description=gettext_lazy("Unclaim"), permissions=["change"])
    def unclaim(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        _move_each(request, tickets, "unclaim")

    @admin.action(description=gettext_lazy("Close"), permissions=["change"])
    def close(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        _move_each(request, tickets, "close")

    @admin.action(description=gettext_lazy("Reopen"), permissions=["change"])
    def reopen(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        _move_each(request, tickets, "reopen")

    @admin.action(description=gettext_lazy("Delete"), permissions=["change"])
    def delete_tickets(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        for_each(request, tickets, lambda row: services.delete_ticket(row.public_id, _actor(request)))

    # --- one ticket ----------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/say/<str:kind>/", wrap(require_POST(self.say)), name="tickets_ticket_say"),
            path("<int:pk>/do/<str:verb>/", wrap(require_POST(self.do)), name="tickets_ticket_do"),
            path(
                "<int:pk>/attachments/<str:attachment_id>/",
                wrap(self.attachment),
                name="tickets_ticket_attachment",
            ),
            path("<int:pk>/transcript/<str:kind>/", wrap(self.transcript), name="tickets_ticket_transcript"),
        ]
        return [*own, *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            raise Http404
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_readonly_fields(self, request: HttpRequest, obj: Ticket | None = None) -> list[str]:
        return list(FACTS)

    def get_fields(self, request: HttpRequest, obj: Ticket | None = None) -> Any:
        return list(FACTS)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        ticket: Ticket = context["original"]
        after = max(0, ticket.last_seq - SHOWN_STEPS)
        context |= {
            "steps": stream.steps(ticket, after, staff=True, limit=SHOWN_STEPS),
            "nonce": secrets.token_hex(16),
            "unsent": {kind: request.session.pop(_unsent(ticket.pk, kind), "") for kind in SAID},
            "moves": offered_for(ticket),
            "formats": FORMATS,
            "canned": [
                (reply.name, services.fill_in(reply.content, ticket, _actor(request)))
                for reply in services.canned_replies(_actor(request))
            ],
            "rating": Rating.objects.filter(ticket=ticket).first(),
            "me": _actor(request).user_id,
            "facts": [(label_for_field(name, Ticket), getattr(ticket, name)) for name in FACTS],
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def say(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """Post a reply or a note."""
        if kind not in SAID:
            raise Http404
        ticket, form = self._ticket(request, pk), SayForm(request.POST)
        if not attempt(request, lambda: _say(ticket, _actor(request), kind, form), str(SAID[kind])):
            # What was typed is offered again on the page.
            request.session[_unsent(pk, kind)] = request.POST.get("message", "")[:4000]
        return self._back(ticket)

    def do(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        ticket = self._ticket(request, pk)
        if verb not in MOVES:
            raise Http404
        attempt(request, lambda: _move(ticket, _actor(request), verb, request.POST), _("Done."))
        return self._back(ticket)

    def transcript(self, request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
        ticket = self._ticket(request, pk)
        if kind not in FORMATS:
            raise Http404
        try:
            return transcript_answer(request, ticket.public_id, _actor(request), kind)
        except Refused as refused:
            messages.error(request, str(refused))
            return self._back(ticket)

    def attachment(self, request: HttpRequest, pk: int, attachment_id: str) -> HttpResponseBase:
        try:
            ticket = self._ticket(request, pk)
            return attachment_answer(request, ticket.public_id, attachment_id, _actor(request))
        except NotFound as error:
            raise Http404 from error

    def _ticket(self, request: HttpRequest, pk: int) -> Ticket:
        ticket = Ticket.objects.visible_to(_actor(request)).filter(pk=pk).first()
        if ticket is None or not self.has_change_permission(request, ticket):
            raise Http404
        return ticket

    def _back(self, ticket: Ticket) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[ticket.pk]))


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin site lets staff in alone
    return request.user


def _move_each(request: HttpRequest, tickets: QuerySet[Ticket], name: str) -> None:
    for_each(request, tickets, lambda ticket: MOVES[name].call(ticket, _actor(request), {}))


def _unsent(pk: int, kind: str) -> str:
    return f"unsent-{kind}-{pk}"


def _say(ticket: Ticket, actor: User, kind: str, form: SayForm) -> Message:
    if not form.is_valid():
        _refuse(form)
    service = services.add_note if kind == "note" else services.post_message
    words, nonce = form.cleaned_data["message"], form.cleaned_data["nonce"]
    return service(ticket.public_id, actor, words, nonce=nonce, source=Message.Source.ADMIN)


def _move(ticket: Ticket, actor: User, verb: str, data: Any) -> None:
    move, given = MOVES[verb], {}
    if move.form is not None:
        form = move.form(ticket, data)
        if not form.is_valid():
            _refuse(form)
        given = form.cleaned_data
    move.call(ticket, actor, given)


def _refuse(form: forms.Form) -> None:
    raise Invalid(" ".join(str(part) for parts in form.errors.values() for part in parts))
