"""Where mail can go besides a server that speaks SMTP: providers whose only secret is a key of their API."""

from __future__ import annotations

from typing import Any

KEYS = {
    "brevo": "BREVO_API_KEY",
    "mailersend": "MAILERSEND_API_TOKEN",
    "mailgun": "MAILGUN_API_KEY",
    "postmark": "POSTMARK_SERVER_TOKEN",
    "resend": "RESEND_API_KEY",
    "sparkpost": "SPARKPOST_API_KEY",
}
"""What django-anymail calls the key of each."""
SMTP = "smtp"
CHOICES = (SMTP, *KEYS)
TIMEOUT_SECONDS = 15


def backend(provider: str) -> str:
    if provider == SMTP:
        return "django.core.mail.backends.smtp.EmailBackend"
    return f"anymail.backends.{provider}.EmailBackend"


def anymail(provider: str, key: str) -> dict[str, Any]:
    """Django-anymail's settings."""
    timeout = {"REQUESTS_TIMEOUT": TIMEOUT_SECONDS}
    return timeout if provider == SMTP else {KEYS[provider]: key, **timeout}
