from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from bot.models import Mirror, ModerationAction
from bot.states import message_states
from hazesite.admin_site import PageAdmin, ReadOnly, labelled
from hazesite.dashboard import Group
from tickets.models import Message

Kind = ModerationAction.Kind
SHOWN = (
    "its_ticket", "place", "state", "channel", "behind", "behind_since", "error", "failures", "next_try",
    "remove_at",
)  # fmt: skip


@admin.register(ModerationAction)
class ModerationActionAdmin(ReadOnly, PageAdmin[ModerationAction]):
    group, icon, title = Group.BOT, "gavel", _("Moderation")
    list_display = ["at", "shown_kind", "member_name", "detail", "actor"]
    list_filter = ["kind", "at"]
    list_select_related = ["actor"]
    search_fields = ["member_name", "=member_id", "detail", "actor__username"]
    shown_kind = labelled("kind", {Kind.WARN: "warning", Kind.TIMEOUT: "danger"})


class Waiting(admin.SimpleListFilter):
    """Whether Discord has been told everything of a ticket."""

    title = _("told")
    parameter_name = "told"

    def lookups(self, _request: HttpRequest, _page: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting")), ("failing", _("The last attempt failed"))]

    def queryset(self, _request: HttpRequest, mirrors: QuerySet[Mirror]) -> QuerySet[Mirror]:
        if self.value() == "waiting":
            return mirrors.filter(behind_since__isnull=False)
        return mirrors.exclude(error="") if self.value() == "failing" else mirrors


@admin.register(Mirror)
class MirrorAdmin(ReadOnly, PageAdmin[Mirror]):
    """How each ticket stands in Discord. Nothing can be changed: the bot does it all again by itself."""

    group, icon, title = Group.BOT, "sync_alt", _("Tickets in Discord")
    change_form_template = "bot/admin_mirror.html"
    list_display = ["ticket", "place", "channel", "behind", "behind_since", "error", "next_try"]
    list_filter = [Waiting, "place", "state"]
    list_select_related = ["ticket"]
    search_fields = ["=ticket__public_id", "ticket__subject", "=channel_id"]
    ordering = ["-pk"]
    list_per_page = 50
    fields = SHOWN
    readonly_fields = SHOWN

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mirror]:
        """Of a deleted ticket nothing is shown anywhere."""
        return super().get_queryset(request).filter(ticket__deleted_at=None).select_related("ticket")

    @admin.display(description=_("Ticket"))
    def its_ticket(self, mirror: Mirror) -> str:
        link = reverse("admin:tickets_ticket_change", args=[mirror.pk])
        return format_html('<a class="underline" href="{}">{}</a>', link, mirror.ticket)

    @admin.display(description=_("Channel"))
    def channel(self, mirror: Mirror) -> str:
        if mirror.channel_id is None:
            return ""
        link = f"https://discord.com/channels/{settings.DISCORD_GUILD_ID}/{mirror.channel_id}"
        return format_html('<a class="underline" href="{}" rel="noopener">{}</a>', link, mirror.channel_id)

    @admin.display(description=_("Steps behind"))
    def behind(self, mirror: Mirror) -> int:
        return mirror.behind

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Not as a field: the theme asks for the value of each several times."""
        context["messages_table"] = _table(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)


def _table(mirror: Mirror) -> dict[str, Any]:
    """The newest first, in the states that `GET /api/tickets/<id>/discord` gives them."""
    return {
        "headers": [_("Message"), _("By"), _("At"), _("State"), _("Why"), _("Next try")],
        "rows": [_row(message, state) for message, state in reversed(message_states(mirror.ticket, mirror))],
    }


def _row(message: Message, state: dict[str, Any]) -> list[Any]:
    at, next_try = localtime(message.created_at), state["next_try"]
    return [
        message.public_id,
        message.author.username,
        f"{at:%Y-%m-%d %H:%M:%S}",
        state["state"],
        state["error"],
        f"{localtime(next_try):%Y-%m-%d %H:%M:%S}" if next_try else "",
    ]
