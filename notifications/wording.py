"""The words of a notification, as they are now: what was edited is told in its newest text."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.kinds import Kind
from notifications.models import Notification

LINES, LINE_LENGTH, SUBJECT_LENGTH = 10, 160, 80
ANNOUNCED_LENGTH = 500
SPOKEN = (Kind.MESSAGE, Kind.MENTION)


def title_of(notification: Notification) -> str:
    if notification.ticket is None:
        return str(notification.facts.get("title", ""))
    return f"#{notification.ticket_id} {notification.ticket.subject[:SUBJECT_LENGTH]}"


def line_of(notification: Notification, *, private: bool = False, length: int = LINE_LENGTH) -> str:
    """One line. `private`: without what anybody wrote; `length`: of somebody's words, in characters."""
    event = notification.event
    if event is None:
        return _clipped(" ".join(str(notification.facts.get("body", "")).split()), ANNOUNCED_LENGTH)
    who = event.actor.username if event.actor else _("The clock")
    if notification.kind in SPOKEN:
        return _words(notification, who, private, length)
    sentences = {
        Kind.CREATED: _("%(who)s opened a ticket."),
        Kind.ASSIGNED: _("%(who)s assigned this ticket to you."),
        Kind.CLAIMED: _("%(who)s takes care of your ticket."),
        Kind.CLOSED: _("%(who)s closed this ticket."),
        Kind.REOPENED: _("%(who)s opened this ticket again."),
        Kind.REMINDED: _("Your answer is awaited; without one this ticket closes."),
    }
    return sentences[Kind(notification.kind)] % {"who": who}


def _words(notification: Notification, who: str, private: bool, length: int) -> str:
    if private:
        return _("You were mentioned.") if notification.kind == Kind.MENTION else _("A new message.")
    assert notification.event is not None
    message = notification.event.message
    if message is None:
        return ""
    text = " ".join(message.content.split()) or _("a file")
    return _clipped(f"{who}: {text}", length)


def _clipped(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def body_of(notifications: Sequence[Notification], *, private: bool = False) -> str:
    """The lines of all of them, oldest first; of many the last ten, under their number."""
    if private and len(notifications) > 1:
        count = len(notifications)
        return ngettext("%(count)s new message", "%(count)s new messages", count) % {"count": count}
    lines = [line_of(one, private=private) for one in notifications[-LINES:]]
    if len(notifications) > LINES:
        lines.insert(0, _("%(count)s new:") % {"count": len(notifications)})
    return "\n".join(lines)
