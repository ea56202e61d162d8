from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hazesite.errors import Refused


class TooManyDevices(Refused):
    code = "too_many_devices"
    message = _("You have as many devices as anybody may have. Remove one first.")


class PushNotConfigured(Refused):
    status = 503
    code = "push_not_configured"
    message = _("Nothing can be pushed: FCM_CREDENTIALS is not set.")


class PushFailed(Refused):
    status = 502
    code = "push_failed"
    message = _("FCM did not take it.")


class NoSuchChannel(Refused):
    code = "unknown_channel"
    message = _("The bot knows no text channel with this id.")


class MailNotConfigured(Refused):
    status = 503
    code = "mail_not_configured"
    message = _("Nothing can be mailed: MAIL_SERVER is not set.")


class BadLink(Refused):
    status = 400
    code = "bad_link"
    message = _("This link is not valid, or not any more.")
