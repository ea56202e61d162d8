"""What the types of monitors are called, and which fields of the form each of them has."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring import kinds

LABELS: dict[str, str | Promise] = {
    "http": "HTTP(S)",
    "keyword": _("Keyword"),
    "json": "JSON",
    "ping": "Ping",
    "port": _("Port"),
    "dns": "DNS",
    "tls": _("Certificate"),
    "push": _("Push"),
    "socketio": "Socket.IO",
    "discord_bot": _("Discord bot"),
}


def label(name: str) -> str:
    """A type of a package of somebody else's goes by its name."""
    return str(LABELS.get(name, name))


def labels() -> list[tuple[str, str]]:
    """All there are, in their usual order; those of other packages after them."""
    known = kinds.names()
    ours = [name for name in LABELS if name in known]
    return [(name, label(name)) for name in (*ours, *sorted(set(known) - set(ours)))]
