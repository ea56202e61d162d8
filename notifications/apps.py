from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from hazesite.outgoing import transports
        from notifications import checks, examinations, figures, health, jobs, personal, subscribers  # noqa: F401
        from notifications.direct import DirectMessages
        from notifications.incidents import PushChannel
        from notifications.mail import checks as mail_checks  # noqa: F401
        from notifications.mail import jobs as mail_jobs  # noqa: F401
        from notifications.mail import subscribers as mail_subscribers  # noqa: F401
        from notifications.mail.transport import MailTransport
        from notifications.push import PushTransport

        transports.register(PushTransport())
        transports.register(MailTransport())
        transports.register(DirectMessages())
        transports.register(PushChannel())
        personal.register()
