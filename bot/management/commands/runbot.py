from __future__ import annotations

import asyncio
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bot.running import Runner
from hazesite import pulse
from hazesite.supervisor import MISCONFIGURED


class Command(BaseCommand):
    help = "Run the Discord bot. Several may run, on any number of hosts: one of them acts."
    requires_system_checks = ()  # they load every page and view of the site

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DISCORD_TOKEN or not settings.DISCORD_GUILD_ID:
            raise CommandError(
                "Set DISCORD_TOKEN and DISCORD_GUILD_ID: see .env.example.", returncode=MISCONFIGURED
            )
        pulse.start()
        sys.exit(asyncio.run(_run()))


async def _run() -> int:
    return await Runner().run()
