from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from community.rocketleague.models import LinkedAccount, RankCheck, RankUp
from hazesite.admin_site import PageAdmin, ReadOnly
from hazesite.dashboard import Group


@admin.register(LinkedAccount)
class LinkedAccountAdmin(ReadOnly, PageAdmin[LinkedAccount]):
    group, icon, title = Group.PEOPLE, "sports_esports", _("Rocket League accounts")
    list_display = ["user", "platform", "username", "season", "checked_at", "error"]
    list_filter = ["platform"]
    list_select_related = ["user"]
    search_fields = ["user__username", "username"]


@admin.register(RankUp)
class RankUpAdmin(ReadOnly, PageAdmin[RankUp]):
    group, icon, title = Group.PEOPLE, "trending_up", _("Rank-ups")
    list_display = ["at", "user", "playlist", "from_tier", "to_tier", "season"]
    list_filter = ["playlist"]
    list_select_related = ["user"]


@admin.register(RankCheck)
class RankCheckAdmin(ReadOnly, PageAdmin[RankCheck]):
    group, icon, title = Group.BOT, "update", _("Rank checks")
    list_display = ["started_at", "state", "checked", "total", "failed", "rank_ups", "error"]
    list_filter = ["state"]
