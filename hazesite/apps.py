from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.core.signals import got_request_exception


class HazesiteConfig(AppConfig):
    name = "hazesite"
    default = True

    def ready(self) -> None:
        from hazesite import figures, logs, stored_files  # noqa: F401 - they register themselves
        from hazesite.error_reports import services
        from hazesite.error_reports.recorder import Recorder
        from hazesite.jobs import tasks  # noqa: F401 - its periodic jobs register themselves
        from hazesite.middleware import log_failure
        from hazesite.outgoing import services as outgoing  # noqa: F401 - its chores

        logs.WATCHERS.append(Recorder(services.store).notice)
        got_request_exception.connect(log_failure)


class SiteAdminConfig(admin.AdminConfig):
    default = False
    default_site = "hazesite.admin_site.SiteAdmin"
