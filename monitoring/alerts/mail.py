"""Alerts by mail, one thread for each incident: by the channel's own server, or by the site's."""

from __future__ import annotations

import asyncio
import smtplib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from hazesite.mail_headers import message_id, one_line
from hazesite.outgoing.transports import GiveUp, Outcome, Retry, Sent
from monitoring.alerts import smtp
from monitoring.alerts.configs import addresses_in
from monitoring.alerts.transports import ChannelTransport
from monitoring.alerts.wording import COLORS, Message
from monitoring.models import NotificationChannel

FOLDER = "monitoring/mail"
THREADS = 4


class MailChannel(ChannelTransport):
    """A server whose answer was lost is handed the mail again, under the same Message-ID."""

    name = "monitor-email"
    deadline = 30.0

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="monitor-mail")

    async def post(self, channel: NotificationChannel, message: Message, out: httpx.AsyncClient) -> Outcome:
        letter = letter_of(channel, message)
        if "smtp_server" in channel.config:
            return await smtp.send(channel.config, letter.message(), letter.from_email, letter.to)
        if not _site_mails():
            return GiveUp("Neither the channel nor the site has a mail server.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, _by_the_site, letter)


def _site_mails() -> bool:
    return bool(settings.MAIL_SERVER or settings.MAIL_API_KEY)


def _by_the_site(letter: EmailMultiAlternatives) -> Outcome:
    try:
        with closing(get_connection()) as connection:
            taken = connection.send_messages([letter])
        return Sent() if taken else Retry("It was not taken, without a reason.")
    except (smtplib.SMTPException, AnymailError, OSError) as error:
        return Retry(f"{type(error).__name__}: {error}")


def letter_of(channel: NotificationChannel, message: Message) -> EmailMultiAlternatives:
    config: dict[str, Any] = channel.config
    said = {"message": message, "color": f"#{COLORS[message.tone]:06x}", "channel": channel.name}
    made = EmailMultiAlternatives(
        one_line(message.title),
        render_to_string(f"{FOLDER}/alert.txt", said),
        config.get("from_email") or settings.MAIL_DEFAULT_SENDER,
        addresses_in(config["to_email"]),
        headers=_headers(channel, message),
    )
    made.attach_alternative(render_to_string(f"{FOLDER}/alert.html", said), "text/html")
    return made


def _headers(channel: NotificationChannel, message: Message) -> dict[str, str]:
    headers = {
        "Message-ID": message_id(f"monitor:{channel.pk}:{message.thing}"),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message.thread:
        # Nobody was ever sent this one: what is about the same incident hangs together all the same.
        headers["In-Reply-To"] = headers["References"] = message_id(f"monitor:{channel.pk}:{message.thread}")
    return headers
