from __future__ import annotations

from django.apps import AppConfig


class BotconfigConfig(AppConfig):
    name = "botconfig"

    def ready(self) -> None:
        from accounts import people
        from botconfig import audit, cogs, figures, guild, personal, subscribers  # noqa: F401
        from botconfig.discord_posts import DiscordPosts
        from hazesite.outgoing import transports

        personal.register()
        people.role_ids = guild.role_ids
        people.bot_is_away = cogs.nobody_follows_the_guild
        transports.register(DiscordPosts())
