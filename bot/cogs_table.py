"""The parts of the bot: which there are, which are wanted, and loading them one by one."""

from __future__ import annotations

import asyncio
import hashlib
import pkgutil
from typing import Any

import discord
import orjson
import structlog
from discord.ext import commands
from django.conf import settings
from django.db import Error as DatabaseTrouble

from bot import cogs
from bot.trouble import AT_DISCORD
from botconfig import cogs as rows
from botconfig.errors import CogAlreadyLoaded, CogFailed, CogNotLoaded, UnknownCog
from hazesite.realtime.database import db_call

SYNC_AGAIN_SECONDS, MAX_PAUSE_SECONDS = 30.0, 600.0
logger = structlog.get_logger(__name__)
Bot = commands.Bot


def known() -> list[str]:
    """A cog is one file in `bot/cogs/`."""
    return sorted(module.name for module in pkgutil.iter_modules(cogs.__path__))


def _path(name: str) -> str:
    return f"{cogs.__name__}.{name}"


async def load_wanted(bot: Bot) -> None:
    """At the start of a session. One that fails leaves the others running."""
    for name, wanted in (await db_call(rows.keep_cogs, known())).items():
        if not wanted:
            await db_call(rows.note_cog, name, loaded=False)
            continue
        try:
            await _change(bot.load_extension, name)
        except CogFailed:
            logger.warning("cog_not_loaded", cog=name)
    await sync_commands(bot)


async def load(bot: Bot, name: str) -> str:
    """Raises `UnknownCog`, `CogAlreadyLoaded`, `CogFailed`."""
    _refuse_unknown(name)
    await db_call(rows.want_cog, name, wanted=True)
    await _change(bot.load_extension, name)
    await sync_commands(bot)
    return f"Cog {name} loaded"


async def unload(bot: Bot, name: str) -> str:
    """Raises `UnknownCog`, `CogNotLoaded`."""
    _refuse_unknown(name)
    await db_call(rows.want_cog, name, wanted=False)
    try:
        await bot.unload_extension(_path(name))
    except commands.ExtensionNotLoaded as error:
        raise CogNotLoaded from error
    await db_call(rows.note_cog, name, loaded=False)
    await sync_commands(bot)
    return f"Cog {name} unloaded"


async def reload(bot: Bot, name: str) -> str:
    """The earlier one goes on when the new one fails. Raises `UnknownCog`, `CogNotLoaded`, `CogFailed`."""
    _refuse_unknown(name)
    await _change(bot.reload_extension, name)
    await sync_commands(bot)
    return f"Cog {name} reloaded"


def _refuse_unknown(name: str) -> None:
    if name not in known():
        raise UnknownCog


async def _change(change: Any, name: str) -> None:
    try:
        await change(_path(name))
    except commands.ExtensionAlreadyLoaded as error:
        raise CogAlreadyLoaded from error
    except commands.ExtensionNotLoaded as error:
        raise CogNotLoaded from error
    except commands.ExtensionError as error:
        cause = getattr(error, "original", error)
        reason = f"{type(cause).__name__}: {cause}"
        logger.warning("cog_failed", cog=name, exc_info=cause)
        still_there = _path(name) in change.__self__.extensions
        await db_call(rows.note_cog, name, loaded=still_there, error=reason)
        raise CogFailed(reason) from error
    await db_call(rows.note_cog, name, loaded=True)


async def keep_synced(bot: Bot) -> None:
    """For ever: what Discord did not take is told again, less often the longer it does not."""
    pause = SYNC_AGAIN_SECONDS
    while True:
        await asyncio.sleep(pause)
        try:
            pause = SYNC_AGAIN_SECONDS if await sync_commands(bot) else min(pause * 2, MAX_PAUSE_SECONDS)
        except DatabaseTrouble as error:
            logger.warning("commands_not_compared", error=repr(error))


async def sync_commands(bot: Bot, *, anew: bool = False) -> bool:
    """Tell Discord the slash commands, where they differ from what it was told last, or `anew`.

    Whether it knows them now. What was told to another guild, or as another application, does not count.
    """
    guild = discord.Object(settings.DISCORD_GUILD_ID or 0)
    bot.tree.clear_commands(guild=guild)
    bot.tree.copy_global_to(guild=guild)
    described = [command.to_dict(bot.tree) for command in bot.tree.get_commands(guild=guild)]
    text = orjson.dumps(sorted(described, key=lambda one: str(one["name"])), option=orjson.OPT_SORT_KEYS)
    whose = f"{bot.application_id} {guild.id} ".encode()
    digest = hashlib.sha256(whose + text).hexdigest()
    if not anew and await db_call(rows.commands_digest) == digest:
        return True
    try:
        await bot.tree.sync(guild=guild)
    except AT_DISCORD as error:
        logger.warning("commands_not_synced", error=repr(error))
        return False
    await db_call(rows.note_commands, digest)
    return True
