"""What the site asks of the running bot: rows with a question, answered here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from discord.ext import commands
from django.db import Error as DatabaseTrouble

from bot import cogs_table
from botconfig import cogs as rows
from botconfig.models import BotCommand
from hazesite.errors import Refused
from hazesite.realtime.database import db_call

logger = structlog.get_logger(__name__)
LOOK_SECONDS = 0.25
KINDS: dict[str, Callable[[commands.Bot, str], Awaitable[str]]] = {
    "load": cogs_table.load,
    "unload": cogs_table.unload,
    "reload": cogs_table.reload,
}


async def answer_commands(bot: commands.Bot) -> None:
    """For ever, one after the other; a database that is away is asked again."""
    while True:
        try:
            for command in await db_call(rows.unanswered):
                await db_call(rows.note_answer, command, await _answer(bot, command))
        except DatabaseTrouble as error:
            logger.warning("bot_cannot_answer", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)


async def _answer(bot: commands.Bot, command: BotCommand) -> dict[str, Any]:
    try:
        message = await KINDS[command.kind](bot, str(command.arguments.get("cog_name", "")))
    except Refused as refused:
        return {"status": refused.status, "code": refused.code, "message": str(refused)}
    except Exception as error:
        logger.warning("bot_command_failed", kind=command.kind, exc_info=error)
        return {"status": 500, "code": "internal_error", "message": type(error).__name__}
    return {"status": 200, "code": "", "message": message}
