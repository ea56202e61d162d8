"""What may happen to whoever asks Discord, and is over after a while: to be caught, and asked again."""

from __future__ import annotations

import aiohttp
import discord
from django.db import Error as DatabaseTrouble

AT_DISCORD = (discord.DiscordException, aiohttp.ClientError, OSError)
"""It refuses, it fails, or the way there does."""
PASSING = (*AT_DISCORD, DatabaseTrouble)
"""Where the site's database is asked, too."""
