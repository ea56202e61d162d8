"""Whom the bot talks to, and how it says no: one sentence, to the person who asked alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

import discord
import structlog
from discord import app_commands
from django.conf import settings

from accounts.models import User
from accounts.people import person_from_discord
from bot.mirroring.inbound import profile_of
from hazesite import origin
from hazesite.errors import NotAllowed, Refused
from hazesite.realtime.database import db_call

logger = structlog.get_logger(__name__)
Interaction = discord.Interaction[Any]
Item = TypeVar("Item")
P = ParamSpec("P")
Callback = Callable[Concatenate[Item, Interaction, P], Coroutine[Any, Any, None]]


async def person(interaction: Interaction) -> User:
    """The account of whoever clicked or typed, with the role their guild gives them now.

    Raises `NotAllowed` for somebody who is blocked at the site.
    """
    origin.enter("discord", request_id=str(interaction.id))
    user = await db_call(person_from_discord, profile_of(interaction.user))
    if not user.is_active:
        raise NotAllowed
    return user


async def begin(interaction: Interaction) -> None:
    """Discord waits three seconds for an answer; the database may take longer."""
    await interaction.response.defer(ephemeral=True, thinking=True)


async def tell(interaction: Interaction, sentence: str, **more: Any) -> None:
    """To the one who asked, and nobody else."""
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.edit_original_response(content=sentence, **more)
    elif interaction.response.is_done():
        await interaction.followup.send(sentence, ephemeral=True, **more)
    else:
        await interaction.response.send_message(sentence, ephemeral=True, **more)


async def tell_failure(interaction: Interaction, error: BaseException) -> None:
    """A refusal in its own words; anything else is logged under the reference the person gets."""
    cause = getattr(error, "original", error)
    sentence = str(cause)
    if not isinstance(cause, Refused | app_commands.CheckFailure):
        reference = secrets.token_hex(4)
        logger.warning("interaction_failed", reference=reference, exc_info=cause)
        sentence = f"Something went wrong. Tell the staff this reference: {reference}"
    try:
        await tell(interaction, sentence)
    except discord.HTTPException as trouble:
        logger.info("interaction_unanswered", error=repr(trouble))


def answered(callback: Callback[Item, P]) -> Callback[Item, P]:
    """For the methods of buttons, selects and modals: what they raise is told."""

    async def call(item: Item, interaction: Interaction, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await callback(item, interaction, *args, **kwargs)
        except Exception as error:
            await tell_failure(interaction, error)

    return call


class Tree(app_commands.CommandTree[Any]):
    """Slash commands: in our guild alone, and what they raise is told."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        return interaction.guild_id == settings.DISCORD_GUILD_ID

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        await tell_failure(interaction, error)
