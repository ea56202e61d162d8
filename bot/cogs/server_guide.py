"""The guide to the server: one message with a menu of its categories, which follows the configuration."""

from __future__ import annotations

import re
from typing import Any

import discord
from discord.ext import commands

from bot import ticket_actions
from bot.answers import Interaction, answered, begin, tell
from bot.client import Bridge
from bot.posts import Post
from botconfig.services import read_section
from hazesite.errors import NotFound
from hazesite.realtime.database import db_call

MOST_FIELDS, MOST_CHARACTERS = 25, 6000
Category = dict[str, Any]


class Menu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"guide:category"):
    """Shows one category to whoever chose it. Works after any restart."""

    def __init__(self, categories: list[Category] | None = None) -> None:
        options = [_option(number, one) for number, one in enumerate(categories or [])]
        super().__init__(
            discord.ui.Select(
                custom_id="guide:category", placeholder="What do you want to know?", options=options
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Menu:
        return cls()

    @answered
    async def callback(self, interaction: Interaction) -> None:
        await begin(interaction)
        categories = (await db_call(read_section, "server_guide")).values["categories"]
        first, *more = embeds_of(chosen(categories, self.item.values[0]))
        await tell(interaction, "", embed=first)
        for embed in more:
            await interaction.followup.send(embed=embed, ephemeral=True)


class OpenTicket(discord.ui.Button[Any]):
    def __init__(self) -> None:
        super().__init__(label="Open a ticket", emoji="🎫", custom_id="tickets:open")

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(ticket_actions.Opening())


class ServerGuide(commands.Cog):
    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self.guide = Post(bot, "server_guide", "server_guide_channel_id", guide)

    async def cog_load(self) -> None:
        self.bot.add_dynamic_items(Menu)
        self.guide.start()

    async def cog_unload(self) -> None:
        self.guide.stop()
        self.bot.remove_dynamic_items(Menu)


def guide(values: dict[str, Any]) -> tuple[list[discord.Embed], discord.ui.View] | None:
    """What there is to read; the menu opens it for each reader alone, so its length does not matter here."""
    categories = values["categories"]
    if not categories:
        return None
    lines = [f"**{one['title']}** {_first_line(one)[:60]}".strip()[:160] for one in categories]
    view = discord.ui.View(timeout=None)
    view.add_item(Menu(categories))
    view.add_item(OpenTicket())
    return [discord.Embed(title="Server guide", description="\n".join(lines))], view


def _option(number: int, category: Category) -> discord.SelectOption:
    return discord.SelectOption(
        label=category["title"][:100],
        value=value_of(number, category),
        description=_first_line(category)[:100] or None,
    )


def value_of(number: int, category: Category) -> str:
    """A place in the list, and what stood there: whether it still does is seen when it is chosen."""
    return f"{number}:{category['title']}"[:100]


def chosen(categories: list[Category], value: str) -> Category:
    """Raises `NotFound` for what is in the guide no more."""
    for number, category in enumerate(categories):
        if value_of(number, category) == value:
            return category
    raise NotFound("The guide has changed. Choose again.")


def embeds_of(category: Category) -> list[discord.Embed]:
    """As many as Discord's limits make of it; one message each."""
    current = discord.Embed(title=category["title"], description=category.get("description") or None)
    embeds = [current]
    for one in category.get("fields", []):
        size = len(current) + len(one["name"]) + len(one["value"])
        if len(current.fields) == MOST_FIELDS or size > MOST_CHARACTERS:
            current = discord.Embed()
            embeds.append(current)
        current.add_field(name=one["name"], value=one["value"], inline=one.get("inline", False))
    return embeds


def _first_line(category: Category) -> str:
    words: str = category.get("description") or ""
    return words.strip().partition("\n")[0]


async def setup(bot: Bridge) -> None:
    await bot.add_cog(ServerGuide(bot))
