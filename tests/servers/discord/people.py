"""What persons do in Discord: come and go, write, edit, delete, rearrange the place, and look."""

from __future__ import annotations

import base64
from typing import Any

from tests.servers.discord import hooks, membership, permissions, places, posting, view
from tests.servers.discord.community import Community
from tests.servers.discord.drafts import Draft
from tests.servers.discord.errors import unknown
from tests.servers.discord.permissions import Permission
from tests.servers.discord.state import Attachment, Channel, ChannelKind, Message, Overwrite, Person

JSON = dict[str, Any]
Id = int | str


class Impossible(Exception):
    """Discord would not have offered the person this."""


class People:
    """Ids go in as numbers or text and come out as numbers. Every deed keeps to what the person may do there.

    Making and removing roles, channels and overwrites is done as the guild's owner.
    """

    def __init__(self, community: Community) -> None:
        self.community = community

    def person(self, person: Id) -> Person:
        try:
            return self.community.people[int(person)]
        except KeyError:
            raise unknown("user") from None

    def place(self, channel: Id, person: Person, *needs: Permission) -> Channel:
        """A channel the person sees, where they may do this. Raises `Impossible`."""
        found = self.community.channel(channel)
        held = self.community.may(person, found)
        missing = [need for need in (Permission.VIEW_CHANNEL, *needs) if need not in held]
        if missing:
            raise Impossible(f"{person.name} has no {missing[0].name} in {found.name or found.id}")
        return found

    def found(self, message: Id) -> tuple[Channel, Message]:
        for channel in self.community.channels.values():
            if one := channel.messages.get(int(message)):
                return channel, one
        raise unknown("message")

    def make_role(self, name: str, permissions: int = 0, *, mentionable: bool = False) -> int:
        return membership.make_role(self.community, name, permissions, mentionable=mentionable).id

    def set_role_permissions(self, role: Id, permissions: int) -> None:
        """Also for the bot's own role, and for everyone's, which has the id of the guild."""
        membership.edit_role(self.community, self.community.role(role), permissions)

    def delete_role(self, role: Id) -> None:
        membership.delete_role(self.community, self.community.role(role))

    def make_person(self, name: str, display_name: str | None = None) -> int:
        """Someone with an account who is not in the guild."""
        return self.community.person(name, display_name).id

    def make_member(
        self, name: str, display_name: str | None = None, *, roles: list[Id] | None = None
    ) -> int:
        person = self.make_person(name, display_name)
        self.join(person)
        for role in roles or []:
            self.give_role(person, role)
        return person

    def join(self, person: Id) -> None:
        membership.join(self.community, self.person(person))

    def leave(self, person: Id) -> None:
        membership.leave(self.community, self.person(person))

    def give_role(self, person: Id, role: Id) -> None:
        membership.give_role(self.community, self.community.member(person), self.community.role(role))

    def take_role(self, person: Id, role: Id) -> None:
        membership.take_role(self.community, self.community.member(person), self.community.role(role))

    def rename_person(self, person: Id, nick: str | None) -> None:
        member = self.community.member(person)
        member.nick = nick
        membership.member_changed(self.community, member)

    def take_direct_messages(self, person: Id, *, on: bool) -> None:
        self.person(person).takes_direct_messages = on

    def make_channel(
        self,
        name: str,
        kind: str = "text",
        *,
        category: Id | None = None,
        overwrites: list[JSON] | None = None,
    ) -> int:
        """`kind`: text, voice, category or news; an overwrite has id, type, allow, deny as in REST."""
        return places.create_channel(
            self.community, name, ChannelKind[kind.upper()], parent_id=int(category) if category else None,
            overwrites=None if overwrites is None else places.overwrites(overwrites),
        ).id  # fmt: skip

    def rename_channel(self, channel: Id, name: str) -> None:
        places.edit_channel(self.community, self.community.channel(channel), {"name": name})

    def delete_channel(self, channel: Id) -> None:
        places.delete_channel(self.community, self.community.channel(channel))

    def set_overwrite(self, channel: Id, target: Id, *, allow: int = 0, deny: int = 0) -> None:
        kind = 0 if int(target) in self.community.roles else 1
        places.set_overwrite(
            self.community, self.community.channel(channel), Overwrite(int(target), kind, allow, deny)
        )

    def remove_overwrite(self, channel: Id, target: Id) -> None:
        places.remove_overwrite(self.community, self.community.channel(channel), int(target))

    def make_webhook(self, channel: Id, name: str) -> JSON:
        one = hooks.create(self.community, self.community.channel(channel), self.community.owner, name)
        return {"id": one.id, "url": f"{self.community.base_url}/api/webhooks/{one.id}/{one.token}"}

    def delete_webhook(self, webhook: Id) -> None:
        hooks.delete(self.community, self.community.webhooks[int(webhook)])

    def direct_channel(self, person: Id) -> int:
        return self.community.direct_channel(self.person(person)).id

    def write(
        self, person: Id, channel: Id, content: str = "", *, attachments: list[JSON] | None = None,
        reply_to: Id | None = None,
    ) -> int:  # fmt: skip
        """An attachment has `filename` and `content`: bytes, or base64 over HTTP."""
        author = self.person(person)
        needs = [Permission.SEND_MESSAGES] + ([Permission.ATTACH_FILES] if attachments else [])
        place = self.place(channel, author, *needs)
        files = [self.upload(one) for one in attachments or []]
        reference = {"message_id": int(reply_to)} if reply_to else None
        draft = Draft(content, attachments=files, reference=reference)
        return posting.write(self.community, place, author, draft).id

    def upload(self, given: JSON) -> Attachment:
        content = given["content"]
        content = content if isinstance(content, bytes) else base64.b64decode(content)
        return posting.attachment(self.community, given["filename"], content, given.get("description"))

    def edit(self, person: Id, message: Id, content: str) -> None:
        channel, one = self.found(message)
        if one.author is not self.person(person):
            raise Impossible("Only the author edits a message.")
        posting.edit(self.community, channel, one, {"content": content})

    def delete(self, person: Id, message: Id) -> None:
        channel, one = self.found(message)
        if one.author is not self.person(person):
            self.place(channel.id, self.person(person), Permission.MANAGE_MESSAGES)
        posting.delete(self.community, channel, one)

    def bulk_delete(self, channel: Id, messages: list[Id]) -> None:
        posting.bulk_delete(self.community, self.community.channel(channel), [int(one) for one in messages])

    def types(self, person: Id, channel: Id) -> None:
        place = self.place(channel, self.person(person), Permission.SEND_MESSAGES)
        posting.typing(self.community, place, self.person(person))

    def open_thread(
        self, person: Id, channel: Id, name: str, *, private: bool = False, message: Id | None = None
    ) -> int:
        kind = ChannelKind.PRIVATE_THREAD if private else ChannelKind.PUBLIC_THREAD
        need = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
        place = self.place(channel, self.person(person), need)
        on = self.community.message(place, message) if message else None
        return places.open_thread(self.community, place, self.person(person), name, kind, message=on).id

    def edit_thread(self, person: Id, thread: Id, **changes: Any) -> None:
        """`name`, `archived`, `locked`, as in REST."""
        place = self.place(thread, self.person(person))
        if place.thread is None:
            raise Impossible(f"{place.name} is no thread.")
        if "locked" in changes or place.thread.locked:
            self.place(thread, self.person(person), Permission.MANAGE_THREADS)
        places.edit_thread(self.community, place, changes, self.person(person))

    def join_thread(self, person: Id, thread: Id, *, by: Id | None = None) -> None:
        one, inviter = self.person(person), self.person(by or person)
        places.join_thread(self.community, self.place(thread, inviter), one, inviter)

    def leave_thread(self, person: Id, thread: Id) -> None:
        places.leave_thread(self.community, self.community.channel(thread), self.person(person))

    def sees(self, person: Id, channel: Id) -> list[JSON]:
        """What is on this person's screen, oldest first, with what only they see. Raises `Impossible`."""
        one = self.person(person)
        place = self.place(channel, one)
        reads = Permission.READ_MESSAGE_HISTORY in self.community.may(one, place)
        seen = list(place.messages.values()) if reads else []
        seen += [each for each in self.ephemeral_of(one) if each.channel_id == place.id]
        return [view.message(self.community, each) for each in sorted(seen, key=lambda each: each.id)]

    def ephemeral_of(self, person: Person) -> list[Message]:
        return [one for one in self.community.hidden.values() if one.only_for == person.id]

    def ephemeral(self, person: Id) -> list[JSON]:
        return [view.message(self.community, one) for one in self.ephemeral_of(self.person(person))]

    def channels_of(self, person: Id) -> list[int]:
        """The channels and threads in this person's list."""
        one = self.person(person)
        return [each.id for each in self.community.channels.values() if self.community.sees(one, each)]

    def direct_messages(self, person: Id) -> list[JSON]:
        channel = self.community.direct_channel(self.person(person))
        return [view.message(self.community, one) for one in channel.messages.values()]

    def may(self, person: Id, channel: Id) -> int:
        return int(permissions.in_channel(self.community, int(person), self.community.channel(channel)))

    def channel(self, channel: Id) -> JSON:
        return view.channel(self.community, self.community.channel(channel))

    def messages(self, channel: Id) -> list[JSON]:
        """All that is in the channel, oldest first, whoever sees it."""
        messages: list[JSON] = self.channel(channel)["messages"]
        return messages

    def dump(self) -> JSON:
        return view.everything(self.community)

    def requests(self) -> list[JSON]:
        return view.requests(self.community)
