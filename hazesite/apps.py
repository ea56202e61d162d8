from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class HazesiteConfig(AppConfig):
    name = "hazesite"
    default = True

    def ready(self) -> None:
        from hazesite import stored_files  # noqa: F401 - its chore registers itself
        from hazesite.jobs import figures, tasks  # noqa: F401 - they register themselves
        from hazesite.outgoing import services  # noqa: F401 - its chores too


class SiteAdminConfig(admin.AdminConfig):
    default = False
    default_site = "hazesite.admin_site.SiteAdmin"
