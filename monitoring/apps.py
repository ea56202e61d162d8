from __future__ import annotations

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from hazesite import partitions
        from hazesite.outgoing import transports
        from hazesite.uploads import allow_large
        from monitoring import health, jobs, personal  # noqa: F401 - they register themselves
        from monitoring.alerts import jobs as alert_jobs  # noqa: F401
        from monitoring.alerts import queueing  # noqa: F401
        from monitoring.alerts.discord_webhook import DiscordChannel
        from monitoring.alerts.mail import MailChannel
        from monitoring.alerts.slack import SlackChannel
        from monitoring.alerts.webhook import WebhookChannel
        from monitoring.engine import figures  # noqa: F401
        from monitoring.services import upkeep

        # A backup of Uptime Kuma with thousands of monitors.
        allow_large(r"/api/monitors/import", 20 * 2**20)
        for transport in (MailChannel(), WebhookChannel(), SlackChannel(), DiscordChannel()):
            transports.register(transport)
        personal.register()
        partitions.COLUMNS["monitoring_check"] = "at"
        post_migrate.connect(upkeep.make_partitions_after_migrating, sender=self)
