"""A mail as data, and as what goes over the line: text and HTML, from one pair of templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from hazesite.mail_headers import message_id, one_line
from notifications.mail import links
from notifications.mail.models import MailAddress
from notifications.mail.topics import label_of

FOLDER = "notifications/mail"


@dataclass(frozen=True)
class Entry:
    when: str
    text: str


@dataclass(frozen=True)
class Action:
    label: str
    url: str


@dataclass(frozen=True)
class Letter:
    """`thing` makes the Message-ID: the same for the same content. `topic` is empty where none can be muted.

    `thread`: what it is about, by id. `transcript`: a ticket's id, whose transcript goes along.
    """

    to: MailAddress
    thing: str
    subject: str
    intro: str
    entries: Sequence[Entry] = ()
    action: Action | None = None
    closing: str = ""
    topic: str = ""
    kinds: Sequence[str] = ()
    thread: str = ""
    transcript: str = ""
    also: tuple[int, ...] = ()

    @property
    def unsubscribe_url(self) -> str:
        if not self.topic:
            return ""
        return links.unsubscribe_url(self.to.pk, self.to.address, self.topic, self.kinds)

    def message(self) -> EmailMultiAlternatives:
        url = self.unsubscribe_url
        reason = label_of(self.topic) if self.topic else ""
        subject = one_line(self.subject)
        said = {"letter": self, "subject": subject, "unsubscribe_url": url, "reason": reason}
        made = EmailMultiAlternatives(
            subject,
            render_to_string(f"{FOLDER}/letter.txt", said),
            settings.MAIL_DEFAULT_SENDER,
            [self.to.address],
            headers=self._headers(url),
        )
        made.attach_alternative(render_to_string(f"{FOLDER}/letter.html", said), "text/html")
        return made

    def _headers(self, unsubscribe_url: str) -> dict[str, str]:
        headers = {
            "Message-ID": message_id(f"{self.thing}:{self.to.pk}"),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        }
        if self.thread:
            # Nobody was ever sent this one: what is about the same thing hangs together all the same.
            headers["In-Reply-To"] = headers["References"] = message_id(self.thread)
        if unsubscribe_url:
            headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return headers
