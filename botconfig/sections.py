"""The eight sections of the bot's configuration: each field's type, limits and default, once.

Validation, the API and the OpenAPI document come from this one description. A field's `default` is
what it has while nobody set it; the fields are those the original bot documents.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from botconfig.fields import SectionIn, Snowflake, SnowflakeMap, discord_id, number, text, texts
from botconfig.ticket_section import Tickets
from hazesite.fields import Flag, Number, Strict, Text


class General(SectionIn):
    bot_name = text("Haze World Bot", 100)
    command_prefix = text("!", 5)
    presence_update_interval = number(3600, 10, 86_400)
    message_cooldown = number(5, 0, 3600)
    fuzzy_matching_threshold = Number(default=0.6, min_value=0, max_value=1)


class Channels(SectionIn):
    log_channel_id = discord_id()
    changelog_channel_id = discord_id()
    todo_channel_id = discord_id()
    rl_channel_id = discord_id()
    meme_channel_id = discord_id()
    server_guide_channel_id = discord_id()
    welcome_rules_channel_id = discord_id()
    welcome_public_channel_id = discord_id()
    transcript_channel_id = discord_id()
    tickets_category_id = discord_id()


class Roles(SectionIn):
    admin_role_id = discord_id()
    moderator_role_id = discord_id()
    normal_role_id = discord_id()
    member_role_id = discord_id()
    changelog_role_id = discord_id()
    meme_role_id = discord_id()
    interest_role_ids = serializers.ListField(child=Snowflake(), default=[], max_length=100)
    interest_roles = SnowflakeMap(default={})


class Meme(SectionIn):
    default_subreddits = texts(["memes", "dankmemes"], 50)
    default_lemmy = texts(["lemmy.world@memes"], 100)
    meme_sources = serializers.ListField(
        child=serializers.ChoiceField(["reddit", "lemmy"]), default=["reddit", "lemmy"], max_length=2
    )
    templates_cache_duration = number(86_400, 60, 2_592_000)


class RocketLeague(SectionIn):
    rank_check_interval_hours = number(3, 1, 168)
    rank_cache_ttl_seconds = number(10_500, 60, 604_800)


class Welcome(SectionIn):
    rules_text = text("", 4000, allow_blank=True)
    welcome_messages = texts(["Welcome, {name}!"], 2000)


class GuideField(Strict):
    name = Text(max_length=256)
    value = Text(max_length=1024)
    inline = Flag(default=False)


class GuideCategory(Strict):
    title = Text(max_length=256)
    description = Text(max_length=4000, default="", allow_blank=True)
    fields = GuideField(many=True, default=list)  # type: ignore[assignment]


class ServerGuide(SectionIn):
    categories = serializers.ListField(child=GuideCategory(), default=[], max_length=25)


SECTIONS: dict[str, type[SectionIn]] = {
    "general": General,
    "channels": Channels,
    "roles": Roles,
    "meme": Meme,
    "rocket_league": RocketLeague,
    "welcome": Welcome,
    "server_guide": ServerGuide,
    "tickets": Tickets,
}


def defaults(name: str) -> dict[str, Any]:
    return {field: described.default for field, described in SECTIONS[name]().fields.items()}


def from_environment(name: str) -> dict[str, str]:
    """What the environment sets, and nobody may change here."""
    if name != "roles":
        return {}
    given = {"admin_role_id": settings.ADMIN_ROLE_ID, "moderator_role_id": settings.MODERATOR_ROLE_ID}
    return {field: str(value) for field, value in given.items() if value}
