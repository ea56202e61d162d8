from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register
from django.core.signals import got_request_exception
from django.db.models.signals import post_migrate


class HazesiteConfig(AppConfig):
    name = "hazesite"
    default = True

    def ready(self) -> None:
        from hazesite import (  # noqa: F401 - they register themselves
            figures,
            logs,
            query_counts,
            schema_fields,
            stored_files,
        )
        from hazesite.audit import personal
        from hazesite.audit.triggers import guard_after_migrating
        from hazesite.error_reports import services
        from hazesite.error_reports.recorder import Recorder
        from hazesite.health import checks, probes  # noqa: F401 - as these
        from hazesite.heartbeats import services as heartbeats  # noqa: F401 - its chore
        from hazesite.jobs import tasks  # noqa: F401 - its periodic jobs register themselves
        from hazesite.metrics import own  # noqa: F401 - its figures
        from hazesite.middleware import log_failure
        from hazesite.operations import examinations  # noqa: F401 - they register themselves
        from hazesite.outgoing import services as outgoing  # noqa: F401 - its chores

        query_counts.watch()
        logs.WATCHERS.append(Recorder(services.store).notice)
        personal.register()
        got_request_exception.connect(log_failure)
        post_migrate.connect(guard_after_migrating, sender=self)
        if settings.SENTRY_DSN:
            from hazesite.operations import sentry

            sentry.start(settings.SENTRY_DSN, settings.ENVIRONMENT, settings.VERSION)


class SiteAdminConfig(admin.SimpleAdminConfig):
    """Its pages are loaded with the addresses (`hazesite.urls`), by whoever needs them: loading them takes a
    quarter of the start of a process.
    """

    default_site = "hazesite.admin_site.SiteAdmin"

    def ready(self) -> None:
        register(check_dependencies, Tags.admin)
        register(_check_pages, Tags.admin)


def _check_pages(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    import_module(settings.ROOT_URLCONF)
    return check_admin_app(app_configs, **options)
