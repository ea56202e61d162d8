from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class HazesiteConfig(AppConfig):
    name = "hazesite"
    default = True

    def ready(self) -> None:
        from hazesite.jobs import figures, tasks  # noqa: F401 - they register themselves


class SiteAdminConfig(admin.AdminConfig):
    default = False
    default_site = "hazesite.admin_site.SiteAdmin"
