"""Who a message mentions, and whom it rings for."""

from __future__ import annotations

import re
from typing import Any

from tests.servers.discord.community import Community
from tests.servers.discord.permissions import Permission
from tests.servers.discord.state import Channel, Message

PEOPLE = re.compile(r"<@!?(\d+)>")
ROLES = re.compile(r"<@&(\d+)>")
EVERYONE = re.compile(r"@(?:everyone|here)\b")


def note(community: Community, channel: Channel, message: Message, allowed: dict[str, Any] | None) -> None:
    """Fills in `mentions`, `mention_roles`, `mention_everyone` and `pinged`."""
    people = [int(found) for found in PEOPLE.findall(message.content) if int(found) in community.people]
    roles = [int(found) for found in ROLES.findall(message.content) if int(found) in community.roles]
    people = [one for one in people if lets(allowed, "users", one)] + replied_to(community, message, allowed)
    roles = [one for one in roles if lets(allowed, "roles", one)]
    message.mentions = list(dict.fromkeys(people))
    message.mention_roles = list(dict.fromkeys(roles))
    at_large = may_ring_all(community, channel, message)
    wanted = allowed is None or "everyone" in (allowed.get("parse") or [])
    message.mention_everyone = bool(EVERYONE.search(message.content)) and wanted and at_large
    message.pinged = sorted(rung(community, channel, message, at_large=at_large))


def lets(allowed: dict[str, Any] | None, kind: str, one: int) -> bool:
    if allowed is None:
        return True
    return kind in (allowed.get("parse") or []) or str(one) in map(str, allowed.get(kind) or [])


def replied_to(community: Community, message: Message, allowed: dict[str, Any] | None) -> list[int]:
    """A reply rings for whom it answers unless the sender says otherwise."""
    wanted = allowed is None or bool(allowed.get("replied_user"))
    if not (message.reference and wanted):
        return []
    place = community.channels.get(message.reference["channel_id"])
    answered = place.messages.get(message.reference.get("message_id", 0)) if place else None
    known = answered and answered.author.id in community.people and not answered.webhook_id
    return [answered.author.id] if answered and known else []


def may_ring_all(community: Community, channel: Channel, message: Message) -> bool:
    if message.webhook_id and message.webhook_id != community.application_id:
        return True
    return Permission.MENTION_EVERYONE in community.may(message.author, channel)


def rung(community: Community, channel: Channel, message: Message, *, at_large: bool) -> set[int]:
    ringing = {one for one in message.mentions if community.sees(community.people[one], channel)}
    for member in community.members.values():
        by_role = any(
            role_id in member.roles and (community.roles[role_id].mentionable or at_large)
            for role_id in message.mention_roles
        )
        if (by_role or message.mention_everyone) and community.sees(member.person, channel):
            ringing.add(member.person.id)
    return ringing - {message.author.id}
