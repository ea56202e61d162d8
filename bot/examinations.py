"""What `manage.py doctor` says of the bot."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from botconfig.models import BotPresence
from hazesite.operations.doctor import Finding, doubtful, examination, ill, well


@examination("bot")
def bot() -> Iterator[Finding]:
    if not settings.DISCORD_TOKEN:
        yield well("bot", "off (DISCORD_TOKEN)")
        return
    if settings.DISCORD_GUILD_ID is None:
        yield ill("bot", "DISCORD_TOKEN is set, and no server to work in", "Set DISCORD_GUILD_ID.")
        return
    read = "Start serve, or manage.py runbot, and read its log; docs/discord.md has the usual causes."
    found = BotPresence.objects.filter(name="bot").first()
    if found is None:
        yield ill("bot", "it has never run here", read)
    elif found.until < timezone.now():
        gone = (timezone.now() - found.until).total_seconds()
        yield ill("bot", f"not seen for {gone / 60:.0f} min", read)
    elif not found.facts.get("connected"):
        yield doubtful("bot", "it runs, and is not connected to Discord", read)
    else:
        yield well("bot", f"connected since {found.since:%Y-%m-%d %H:%M} UTC" if found.since else "connected")


@examination("discord login")
def login() -> Iterator[Finding]:
    both = [settings.DISCORD_CLIENT_ID, settings.DISCORD_CLIENT_SECRET]
    if any(both) and not all(both):
        advice = "Set both DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET, or neither."
        yield doubtful("discord login", "half set up, so it is off", advice)
    else:
        yield well("discord login", f"returns to {settings.DISCORD_REDIRECT_URI}" if all(both) else "off")
