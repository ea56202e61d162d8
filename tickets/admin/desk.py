"""Canned replies, blocks and ratings."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hazesite.admin_site import PageAdmin, ReadOnly, attempt
from hazesite.dashboard import Group
from tickets import services
from tickets.models import Block, CannedReply, Rating


@admin.register(CannedReply)
class CannedReplyAdmin(PageAdmin[CannedReply]):
    group, icon = Group.DESK, "quickreply"
    list_display = ["name", "category", "beginning", "updated_at"]
    list_filter = ["category"]
    search_fields = ["name", "content"]
    fields = ["name", "category", "content"]

    @admin.display(description=_("Content"))
    def beginning(self, reply: CannedReply) -> str:
        return reply.content if len(reply.content) <= 80 else f"{reply.content[:80]}…"

    def save_model(self, request: HttpRequest, obj: CannedReply, form: Any, change: bool) -> None:
        actor: Any = request.user
        name = form.initial["name"] if change else None
        obj.pk = services.save_canned_reply(actor, dict(form.cleaned_data), name).pk


@admin.register(Block)
class BlockAdmin(PageAdmin[Block]):
    group, icon, title = Group.DESK, "block", _("Blocklist")
    list_display = ["user", "reason", "until", "blocked_by", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["user__username", "=user__user_id", "reason"]
    list_select_related = ["user", "blocked_by"]
    autocomplete_fields = ["user"]
    fields = ["user", "reason", "until"]

    def get_readonly_fields(self, request: HttpRequest, obj: Block | None = None) -> list[str]:
        return [] if obj is None else ["user"]

    def save_model(self, request: HttpRequest, obj: Block, form: Any, change: bool) -> None:
        actor: Any = request.user
        given = form.cleaned_data
        user = obj.user

        def block() -> None:
            services.block_user(user.user_id, actor, reason=given["reason"], until=given["until"])

        if attempt(request, block, str(_("Blocked."))):
            obj.pk = Block.objects.get(user=user).pk

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, message) if obj.pk else None

    def delete_model(self, request: HttpRequest, obj: Block) -> None:
        actor: Any = request.user
        services.unblock_user(obj.user.user_id, actor)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Block]) -> None:
        for block in queryset.select_related("user"):
            self.delete_model(request, block)


@admin.register(Rating)
class RatingAdmin(ReadOnly, PageAdmin[Rating]):
    group, icon = Group.DESK, "star"
    list_display = ["ticket", "score", "comment", "created_at"]
    list_filter = ["score", "created_at"]
    search_fields = ["ticket__subject", "comment"]
    list_select_related = ["ticket"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rating]:
        return super().get_queryset(request).filter(ticket__deleted_at=None)
