"""The eight sections of the bot's configuration: each field's type, limits, default and meaning, once.

Validation, the API, the OpenAPI document, the form of the admin and `docs/configuration.md` come from this
one description. A field's `default` is what it has while nobody set it; the fields are those the original
bot documents.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from django.conf import settings
from rest_framework import serializers

from botconfig.fields import (
    SectionIn,
    Snowflake,
    SnowflakeMap,
    Wanted,
    category,
    channel,
    flag,
    holds_ids,
    number,
    role,
    text,
    texts,
)
from botconfig.ticket_section import Tickets, a_time_zone
from hazesite.fields import Number, Strict, Text, Whole


class General(SectionIn):
    """How the bot appears and how patient it is."""

    bot_name = text("The bot's nickname in the server: its first 32 characters.", "Haze World Bot", 100)
    command_prefix = text("What typed commands begin with, as in `!ping`. Slash commands need none.", "!", 5)
    presence_update_interval = number(
        "Seconds between two updates of what stands under the bot's name.", 3600, 10, 86_400
    )
    message_cooldown = number("Seconds between two typed commands of one member; 0: no wait.", 5, 0, 3600)
    fuzzy_matching_threshold = Number(
        default=0.6,
        min_value=0,
        max_value=1,
        help_text="How alike a mistyped command must be to be suggested: 0 suggests anything, 1 nothing.",
    )


class Channels(SectionIn):
    """Where the bot writes. Without a channel it does not."""

    log_channel_id = channel("What moderators did is told here.")
    changelog_channel_id = channel("What is new is told here.")
    todo_channel_id = channel("The list of what is to be done stands here.")
    rl_channel_id = channel("Rank-ups of Rocket League players are told here.")
    meme_channel_id = channel("Memes of the bot are posted here.")
    server_guide_channel_id = channel("The guide of the section `server_guide` stands here.")
    welcome_rules_channel_id = channel("The rules of the section `welcome` stand here, with their button.")
    welcome_public_channel_id = channel("New members are welcomed here.")
    transcript_channel_id = channel("The transcript of each closed ticket is posted here.")
    tickets_category_id = category(
        "Tickets get their channels in this category; made by the bot when there is none."
    )


class Roles(SectionIn):
    """Which roles of the server mean something here."""

    admin_role_id = role("Who has it is an admin here and sees all tickets.")
    moderator_role_id = role("Who has it is a moderator here and sees all tickets.")
    normal_role_id = role("The role of everybody who is no member yet.")
    member_role_id = role("Given to whoever accepts the rules.", given=True)
    changelog_role_id = role("Mentioned when something is new.")
    meme_role_id = role("Mentioned with the meme of the day.")
    interest_role_ids = serializers.ListField(
        child=Snowflake(wanted=Wanted("role", given=True)),
        default=[],
        max_length=100,
        help_text="Roles that members may take themselves.",
    )
    interest_roles = SnowflakeMap(
        child=Snowflake(wanted=Wanted("role", given=True)),
        default={},
        help_text="The same by the name under which they are offered.",
    )


class Meme(SectionIn):
    """Where memes come from."""

    default_subreddits = texts("Subreddits, without `r/`.", ["memes", "dankmemes"], 50)
    default_lemmy = texts("Lemmy communities as `instance@community`.", ["lemmy.world@memes"], 100)
    meme_sources = serializers.ListField(
        child=serializers.ChoiceField(["reddit", "lemmy"]),
        default=["reddit", "lemmy"],
        max_length=2,
        help_text="Which are asked.",
    )
    templates_cache_duration = number("Seconds for which templates are kept.", 86_400, 60, 2_592_000)
    min_score = Whole(default=10, min_value=0, max_value=1_000_000, help_text="Memes below it are left out.")
    daily_enabled = flag("A meme a day into the channel for memes.", False)
    daily_hour = number("The hour of the meme of the day.", 12, 0, 23)
    daily_minute = number("And its minute.", 0, 0, 59)
    daily_time_zone = text("In which time zone, as `Europe/Berlin`.", "UTC", 64, validators=[a_time_zone])


class RocketLeague(SectionIn):
    """How often ranks are asked for."""

    rank_check_interval_hours = number("Hours between two checks of all linked accounts.", 3, 1, 168)
    rank_cache_ttl_seconds = number(
        "Seconds for which a rank is answered without asking again.", 10_500, 60, 604_800
    )


class Welcome(SectionIn):
    """What new members read."""

    rules_text = text("The rules, as Discord's Markdown; empty: none are posted.", "", 4000, allow_blank=True)
    welcome_messages = texts(
        "One of them greets each new member; `{name}` is the member.", ["Welcome, {name}!"], 2000
    )


class GuideField(Strict):
    name = Text(max_length=256, help_text="The heading.")
    value = Text(max_length=1024, help_text="The text below it.")
    inline = flag("Beside the one before, where there is room.")


class GuideCategory(Strict):
    title = Text(max_length=256, help_text="What the menu offers.")
    description = Text(max_length=4000, default="", allow_blank=True, help_text="What is read first.")
    fields = GuideField(many=True, default=list, help_text="Headings with texts.")  # type: ignore[assignment]


class ServerGuide(SectionIn):
    """The guide to the server: a menu of categories."""

    categories = serializers.ListField(
        child=GuideCategory(),
        default=[],
        max_length=25,
        help_text="In the order of the menu; none: no guide.",
    )


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


@cache
def fields_of(name: str) -> dict[str, Any]:
    """The described fields of a section: to look at and to check with, not to change."""
    return dict(SECTIONS[name]().fields)


def defaults(name: str) -> dict[str, Any]:
    return {field: copy.deepcopy(described.default) for field, described in fields_of(name).items()}


def names_ids(name: str) -> bool:
    """Whether a section says something about the guild."""
    return any(holds_ids(field) for field in fields_of(name).values())


def from_environment(name: str) -> dict[str, str]:
    """What the environment sets, and nobody may change here."""
    if name != "roles":
        return {}
    given = {"admin_role_id": settings.ADMIN_ROLE_ID, "moderator_role_id": settings.MODERATOR_ROLE_ID}
    return {field: str(value) for field, value in given.items() if value}


VARIABLES = {"roles": {"admin_role_id": "ADMIN_ROLE_ID", "moderator_role_id": "MODERATOR_ROLE_ID"}}
"""Which variables of the environment may set a field."""
