"""Direct messages in Discord: for what rang no device, and goes to no mailbox.

A ticket that has its channel there is read there, so its news are not said twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from botconfig.discord_posts import DiscordPosts, person
from botconfig.models import GuildMember
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import Outcome, Ready, Retract, Sent, Verdict, Wait
from notifications.mail.models import MailAddress
from notifications.models import Notification
from notifications.services.telling import RING, WAYS, Way, ringing, thing_of
from notifications.standing import Standing, rang, waiting_in
from notifications.wording import body_of, title_of
from tickets.elsewhere import shown_elsewhere

DIRECT = "discord_dm"
DELAY = timedelta(minutes=10)
"""What was not read after so long, and rang nowhere, is said."""
LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Said:
    embed: dict[str, Any]
    also: tuple[int, ...]


def missed(notifications: Sequence[Notification]) -> list[Delivery]:
    """For members of the guild who have no mailbox here. One query, and three more when there are some."""
    members = _members({one.user_id for one in notifications})
    theirs = [one for one in notifications if one.user_id in members]
    shown = shown_elsewhere({one.ticket_id for one in theirs if one.ticket_id})
    return [
        Delivery(
            transport=DIRECT,
            target=person(members[one.user_id]),
            thing=thing_of(one),
            lane=f"dm:{one.user_id}:{one.ticket_id}" if one.ticket_id else "",
            payload={RING: one.pk},
            next_try_at=one.created_at + DELAY,
        )
        for one in (ringing(theirs) if theirs else [])
        if one.ticket_id not in shown
    ]


def _members(users: Collection[int]) -> dict[int, int]:
    """Their Discord ids, by key; of those whom the bot may write to and nobody mails."""
    people = User.objects.filter(pk__in=users, discord_id__in=GuildMember.objects.values("id"))
    mailed = MailAddress.objects.confirmed().values("pk")
    return dict(people.exclude(pk__in=mailed).values_list("pk", "discord_id"))


class DirectMessages(DiscordPosts):
    name = DIRECT

    def wanted(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        outlook = Outlook(deliveries)
        return {one.pk: outlook.verdict(one) for one in deliveries}

    async def send(self, delivery: Delivery, content: Said, out: httpx.AsyncClient) -> Outcome:
        outcome = await super().send(delivery, {"embeds": [content.embed]}, out)
        return Sent(content.also) if isinstance(outcome, Sent) else outcome


class Outlook:
    """Some ten queries, however many deliveries."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self.now = timezone.now()
        self.waiting = waiting_in((one.lane for one in deliveries), DIRECT)
        together = [*deliveries, *(one for lane in self.waiting.values() for one in lane)]
        self.standing = Standing({one.payload[RING] for one in together}, self.now)
        found = self.standing.notifications.values()
        self.rang, self.members = rang(found), _members({one.user_id for one in found})
        self.shown = shown_elsewhere({one.ticket_id for one in found if one.ticket_id})

    def verdict(self, delivery: Delivery) -> Verdict:
        one = self.standing.notifications.get(delivery.payload[RING])
        if one is None:
            return Retract("It is gone.")
        if reason := self._unwanted(one):
            return Retract(reason)
        return self._when(one) or self._told(delivery, one)

    def _unwanted(self, one: Notification) -> str:
        if reason := self.standing.unwanted(one):
            return reason
        if one.pk in self.rang:
            return "A device rang."
        if one.user_id not in self.members:
            return "Not in the guild any more, or mailed by now."
        if one.ticket_id in self.shown:
            return "It is read in the ticket's channel."
        wanted = self.standing.preferences_of(one.user_id).direct_messages
        return "" if wanted else "Not wanted any more."

    def _when(self, one: Notification) -> Verdict | None:
        if (begin := one.created_at + DELAY) > self.now:
            return Wait(begin)
        if self.standing.is_present(one):
            return Wait(self.now + LOOK_AGAIN)
        until = self.standing.quiet_until(one)
        return Wait(until) if until else None

    def _told(self, delivery: Delivery, one: Notification) -> Verdict:
        """Together with everything else that waits about this ticket."""
        waiting = self.waiting.get(delivery.lane, [])
        told, also = self.standing.together(delivery, one, waiting, self._unwanted)
        private = self.standing.preferences_of(one.user_id).private
        return Ready(Said(_embed(told, private=private), also))


def _embed(told: Sequence[Notification], *, private: bool) -> dict[str, Any]:
    last = told[-1]
    if last.ticket is None:
        return {"title": title_of(last), "description": body_of(told, private=private)}
    title = f"#{last.ticket_id}" if private else title_of(last)
    url = f"{settings.WEB_APP_URL}/#/t/{last.ticket.public_id}"
    return {"title": title, "description": body_of(told, private=private), "url": url}


WAYS.append(Way(lambda: bool(settings.DISCORD_TOKEN), missed))
