from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class HazesiteConfig(AppConfig):
    name = "hazesite"
    default = True


class SiteAdminConfig(admin.AdminConfig):
    default = False
    default_site = "hazesite.admin_site.SiteAdmin"
