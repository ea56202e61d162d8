"""Saying in Discord what somebody said here: through a webhook, with their name and avatar."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import discord

from bot import services
from bot.mirroring.places import Place
from bot.mirroring.texts import FILES_FROM, parts_of, shown_name
from bot.models import MirroredMessage
from hazesite.errors import NotFound
from hazesite.realtime.database import db_call
from tickets.models import Attachment, Message
from tickets.services.attachments import open_attachment

if TYPE_CHECKING:
    from bot.client import Bridge

UNKNOWN_WEBHOOK = 10015
HOOK_NAME = "Tickets"
DOUBT = timedelta(minutes=2)
"""How much the clocks of Discord and of this machine may differ."""


@dataclass(frozen=True)
class Part:
    """A piece of text, or one file."""

    text: str = ""
    file: Attachment | None = None


class Speaker:
    def __init__(self, bot: Bridge) -> None:
        self.bot = bot

    async def say(self, place: Place, message: Message) -> None:
        """All parts of it, once. What was begun before and not noted is looked for first."""
        for number, part in (await self._parts(message)).items():
            row, before = await db_call(services.attempt, message, number, part.text)
            if row.discord_id is not None or row.error:
                continue
            sent = await self._arrived(place, row, part.file) if before else None
            if sent is None:
                await db_call(services.reword, row, part.text)
                sent = await self._send(place, message, part)
            await db_call(services.sent, row, sent)

    async def _parts(self, message: Message) -> dict[int, Part]:
        files = await db_call(services.files_of, message)
        parts = {number: Part(text) for number, text in enumerate(parts_of(message.content))}
        return parts | {number: Part(file=file) for number, file in enumerate(files, FILES_FROM)}

    async def _arrived(self, place: Place, row: MirroredMessage, file: Attachment | None) -> int | None:
        """The id of the part among what our webhook wrote since, and nobody has noted yet.

        Looked for by what was said then: by now the message may have been changed.
        """
        hook = await self._hook(place)
        ours = [
            one
            async for one in place.history(limit=None, after=row.attempted_at - DOUBT, oldest_first=True)
            if one.webhook_id == hook.id and _is_like(one, row, file)
        ]
        known = await db_call(services.known_ids, [one.id for one in ours])
        return next((one.id for one in ours if one.id not in known), None)

    async def _send(self, place: Place, message: Message, part: Part) -> int:
        try:
            return await self._through_webhook(place, message, part)
        except discord.NotFound as error:
            if error.code != UNKNOWN_WEBHOOK:
                raise
            # Somebody took the webhook away: another one speaks as well.
            await db_call(services.webhook_lost, _home_of(place))
            return await self._through_webhook(place, message, part)

    async def _through_webhook(self, place: Place, message: Message, part: Part) -> int:
        self.bot.refuse_without_lead()
        hook = await self._hook(place)
        body: dict[str, Any] = {"content": part.text}
        if part.file is not None:
            body = await db_call(_as_upload, part.file)
        if isinstance(place, discord.Thread):
            body["thread"] = place
        author = message.author
        sent = await hook.send(
            **body,
            username=shown_name(author),
            avatar_url=author.avatar or discord.utils.MISSING,
            allowed_mentions=discord.AllowedMentions.none(),
            wait=True,
        )
        return sent.id

    async def change(self, place: Place, message: Message) -> None:
        """Make what stands there what the message is now."""
        await self.say(place, message)  # it may have grown, or not be there yet
        texts = parts_of(message.content)
        hook = await self._hook(place)
        for row in await db_call(services.mirrored, message):
            if row.discord_id is None or row.part >= FILES_FROM:
                continue
            if row.part >= len(texts):
                await self.remove(place, [row.discord_id])
                await db_call(services.forget_part, row)
            elif row.text != texts[row.part]:
                await self._edit(hook, place, row.discord_id, texts[row.part])
                await db_call(services.reword, row, texts[row.part])

    async def _edit(self, hook: discord.Webhook, place: Place, message_id: int, text: str) -> None:
        thread = place if isinstance(place, discord.Thread) else discord.utils.MISSING
        try:
            await hook.edit_message(
                message_id, content=text, allowed_mentions=discord.AllowedMentions.none(), thread=thread
            )
        except discord.NotFound:  # taken away there in the meantime
            return

    async def unsay(self, place: Place, message: Message) -> None:
        """Take it away there, also where nobody could note that it had arrived."""
        files = await db_call(services.files_of, message)
        for row in await db_call(services.mirrored, message):
            discord_id = row.discord_id
            if discord_id is None:
                file = files[row.part - FILES_FROM] if 0 <= row.part - FILES_FROM < len(files) else None
                discord_id = await self._arrived(place, row, file)
            if discord_id is not None:
                await self.remove(place, [discord_id])

    async def remove(self, place: Place, ids: Sequence[int]) -> None:
        for message_id in ids:
            try:
                await place.get_partial_message(message_id).delete()
            except discord.NotFound:
                continue

    async def _hook(self, place: Place) -> discord.Webhook:
        home = _home_of(place)
        row = await db_call(services.webhook_of, home)
        if row is None:
            row = await db_call(services.webhook_made, home, *await self._found_or_made(home))
        self.bot.inbound.own_webhooks.add(row.webhook_id)
        return discord.Webhook.partial(row.webhook_id, row.token, client=self.bot)

    async def _found_or_made(self, channel_id: int) -> tuple[int, str]:
        channel = self.bot.home.get_channel(channel_id) or await self.bot.home.fetch_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        for hook in await channel.webhooks():
            if hook.token and hook.name == HOOK_NAME and hook.user == self.bot.user:
                return hook.id, hook.token
        made = await channel.create_webhook(name=HOOK_NAME)
        return made.id, made.token or ""


def _is_like(message: discord.Message, row: MirroredMessage, file: Attachment | None) -> bool:
    if file is None:
        return bool(row.text) and message.content == row.text
    return any(one.size == file.stored.size for one in message.attachments)


def _home_of(place: Place) -> int:
    """Webhooks belong to channels; a thread uses its parent's."""
    return place.parent_id if isinstance(place, discord.Thread) else place.id


def _as_upload(file: Attachment) -> dict[str, Any]:
    try:
        with open_attachment(file) as stored:
            data = io.BytesIO(stored.read())
    except NotFound:
        return {"content": f"[{file.name} is lost]"}
    return {"file": discord.File(data, filename=file.name)}
