"""What follows from a change of the configuration, in its transaction. Only rows are written here."""

from __future__ import annotations

from botconfig.events import SectionChanged
from botconfig.jobs import give_roles_anew
from hazesite.events import subscribe


@subscribe(SectionChanged)
def follow_roles(changed: SectionChanged) -> None:
    """Who was a moderator by a role that is one no more must not stay it until the bot starts anew."""
    if changed.section == "roles":
        give_roles_anew.enqueue()
