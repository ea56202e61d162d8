from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from community.memes.models import DailyMeme, Listing
from hazesite.admin_site import PageAdmin, ReadOnly
from hazesite.dashboard import Group


@admin.register(Listing)
class ListingAdmin(ReadOnly, PageAdmin[Listing]):
    group, icon, title = Group.BOT, "rss_feed", _("Meme sources")
    list_display = ["key", "fetched_at", "failure", "retry_at"]
    exclude = ["value"]


@admin.register(DailyMeme)
class DailyMemeAdmin(ReadOnly, PageAdmin[DailyMeme]):
    group, icon, title = Group.BOT, "mood", _("Memes of the day")
    list_display = ["day", "title", "source", "at"]
