"""The admin site, for staff: moderators and admins sign in here with a password."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class SiteAdmin(AdminSite):
    site_header = _("HazeBot")
    site_title = _("HazeBot")
    index_title = _("The desk")
