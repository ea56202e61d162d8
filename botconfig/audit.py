"""What of the bot's configuration goes into the audit log."""

from __future__ import annotations

from botconfig.events import BotAsked, SectionChanged
from hazesite.audit.services import record
from hazesite.events import subscribe


@subscribe(SectionChanged)
def section_changed(changed: SectionChanged) -> None:
    """Not what the bot sets itself."""
    if changed.changed_by is None:
        return
    before = {name: value.get("from") for name, value in changed.changes.items()}
    after = {name: value.get("to") for name, value in changed.changes.items()}
    facts = {"before": before, "after": {**after, "version": changed.version}}
    record(f"config.{changed.reason}", "section", changed.section, actor_id=changed.changed_by, **facts)


@subscribe(BotAsked)
def bot_asked(asked: BotAsked) -> None:
    record(f"cog.{asked.kind}", "cog", asked.cog, actor_id=asked.actor_id)
