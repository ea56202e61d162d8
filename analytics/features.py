"""Which calls and socket events are which feature. What is not listed here is not counted as use.

A feature is something a person does or looks at on purpose. What clients do by themselves (renewing tokens,
marking as read, asking for what they missed) is none, or every open window would look like a busy person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TICKET = "api/tickets/<str:ticket_id>"
PERSON = "api/users/<str:user_id>"
MONITOR, INCIDENT = "api/monitors/<str:monitor_id>", "api/incidents/<str:incident_id>"
CHANNEL = "api/notification-channels/<str:channel_id>"
ALL = ""
"""Stands for all features together, in what is added up."""


@dataclass(frozen=True)
class Feature:
    """`calls` are as `GET api/tickets`, `events` those of sockets."""

    label: str | Promise
    calls: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


def _each(methods: str, *paths: str) -> tuple[str, ...]:
    return tuple(f"{method} {path}" for method in methods.split() for path in paths)


FEATURES: Mapping[str, Feature] = {
    "tickets.list": Feature(_("Looking through tickets"), ("GET api/tickets",)),
    "tickets.open": Feature(_("Opening a ticket"), ("POST api/tickets",)),
    "tickets.read": Feature(_("Reading a ticket"), (f"GET {TICKET}",), ("join_ticket",)),
    "tickets.message": Feature(
        _("Writing in a ticket"), _each("POST", f"{TICKET}/messages", f"{TICKET}/send"), ("send_message",)
    ),
    "tickets.edit": Feature(
        _("Editing a message"), _each("PATCH DELETE", f"{TICKET}/messages/<str:message_id>")
    ),
    "tickets.attach": Feature(_("Attaching files"), (f"POST {TICKET}/attachments",)),
    "tickets.transcript": Feature(_("Reading a transcript"), (f"GET {TICKET}/transcript",)),
    "tickets.rate": Feature(_("Rating a ticket"), (f"POST {TICKET}/rating",)),
    "desk.claim": Feature(
        _("Claiming and passing on"),
        _each("POST", f"{TICKET}/claim", f"{TICKET}/unclaim", f"{TICKET}/assign", f"{TICKET}/transfer"),
    ),
    "desk.close": Feature(_("Closing and reopening"), _each("POST", f"{TICKET}/close", f"{TICKET}/reopen")),
    "desk.note": Feature(_("Notes among staff"), (f"POST {TICKET}/notes",)),
    "desk.sort": Feature(
        _("Sorting tickets"),
        (
            f"PATCH {TICKET}",
            f"DELETE {TICKET}",
            *_each("POST", f"{TICKET}/snooze", f"{TICKET}/wake", f"{TICKET}/merge", "api/tickets/bulk"),
        ),
    ),
    "desk.replies": Feature(
        _("Canned replies"),
        (
            *_each("GET POST", "api/tickets/canned-replies"),
            *_each("PATCH DELETE", "api/tickets/canned-replies/<str:name>"),
            f"GET {TICKET}/canned-replies",
        ),
    ),
    "desk.blocks": Feature(
        _("Blocking people"),
        ("GET api/tickets/blocklist", *_each("PUT DELETE", "api/tickets/blocklist/<str:user_id>")),
    ),
    "memes.random": Feature(_("A random meme"), ("GET api/memes/random",)),
    "memes.make": Feature(
        _("Making a meme"),
        (
            "GET api/memes/templates",
            "GET api/memes/templates/<str:template>",
            "POST api/memes/generate",
        ),
    ),
    "rocketleague.stats": Feature(
        _("Rocket League ranks"), ("GET api/rocket-league/stats/<str:platform>/<str:username>",)
    ),
    "rocketleague.link": Feature(
        _("Linking a Rocket League account"), _each("POST DELETE", "api/rocket-league/link")
    ),
    "notifications.read": Feature(_("Reading notifications"), ("GET api/notifications",)),
    "notifications.settings": Feature(
        _("Notification settings"),
        _each(
            "PUT", "api/notifications/settings", "api/notifications/preferences", "api/notifications/email"
        ),
    ),
    "profile": Feature(_("Own sign-ins"), ("GET api/auth/sessions", "DELETE api/auth/sessions/<str:key>")),
    "people": Feature(
        _("Looking after people"),
        (
            *_each("GET", "api/users", PERSON, f"{PERSON}/sessions", f"{PERSON}/export"),
            *_each("POST", f"{PERSON}/block", f"{PERSON}/unblock", f"{PERSON}/erase"),
            *_each("DELETE", f"{PERSON}/sessions", f"{PERSON}/sessions/<str:key>"),
            f"PATCH {PERSON}",
        ),
    ),
    "configuration": Feature(
        _("Changing the configuration"),
        (
            *_each("GET PUT", "api/config/<str:section>"),
            *_each("POST", "api/config/<str:section>/reset", "api/config/<str:section>/rollback"),
        ),
    ),
    "cogs": Feature(
        _("Parts of the bot"), _each("POST", "api/cogs/load", "api/cogs/unload", "api/cogs/reload")
    ),
    "monitors.look": Feature(
        _("Looking at uptime monitors"),
        _each("GET", "api/monitors", MONITOR, f"{MONITOR}/checks", f"{MONITOR}/stats"),
    ),
    "monitors.change": Feature(
        _("Changing uptime monitors"),
        (
            *_each("POST", "api/monitors", "api/monitors/import"),
            *_each("PATCH DELETE", MONITOR),
            *_each("POST", f"{MONITOR}/pause", f"{MONITOR}/resume", f"{MONITOR}/check-now"),
        ),
    ),
    "monitors.incidents": Feature(
        _("Incidents"),
        (
            *_each("GET", "api/incidents", INCIDENT),
            *_each("POST", f"{INCIDENT}/acknowledge", f"{INCIDENT}/comments"),
        ),
    ),
    "monitors.alerts": Feature(
        _("Who hears of incidents"),
        (
            *_each("POST", "api/notification-channels", f"{CHANNEL}/test", "api/escalation-policies"),
            *_each("PATCH DELETE", CHANNEL, "api/escalation-policies/<str:policy_id>"),
        ),
    ),
    "monitors.public": Feature(
        _("Maintenance and status pages"),
        (
            *_each("POST", "api/maintenance", "api/status-pages"),
            *_each("PATCH DELETE", "api/maintenance/<str:window_id>", "api/status-pages/<str:page_id>"),
        ),
    ),
    "broadcasts": Feature(_("Announcements"), ("POST api/admin/broadcast",)),
}
CALLS: Mapping[tuple[str, str], str] = {
    (method, route): name
    for name, feature in FEATURES.items()
    for method, _space, route in (call.partition(" ") for call in feature.calls)
}
EVENTS: Mapping[str, str] = {event: name for name, feature in FEATURES.items() for event in feature.events}
