from __future__ import annotations

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from hazesite.outgoing import transports
        from hazesite.uploads import allow_large
        from monitoring import health, personal  # noqa: F401 - it registers itself
        from monitoring.alerts import jobs, queueing  # noqa: F401 - they register themselves
        from monitoring.alerts.discord_webhook import DiscordChannel
        from monitoring.alerts.mail import MailChannel
        from monitoring.alerts.slack import SlackChannel
        from monitoring.alerts.webhook import WebhookChannel
        from monitoring.engine import figures  # noqa: F401

        # A backup of Uptime Kuma with thousands of monitors.
        allow_large(r"/api/monitors/import", 20 * 2**20)
        for transport in (MailChannel(), WebhookChannel(), SlackChannel(), DiscordChannel()):
            transports.register(transport)
        personal.register()
