from __future__ import annotations

from django.conf import settings

from hazesite.mail_providers import SMTP

MAIL = "mail"
"""The transport's name."""


def is_on() -> bool:
    """Whether there is somewhere to hand mail over, and somebody it comes from."""
    way = settings.MAIL_SERVER if settings.MAIL_PROVIDER == SMTP else settings.MAIL_API_KEY
    return bool(way and settings.MAIL_DEFAULT_SENDER)
