from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.services import add_user
from tickets import services
from tickets.demo_picture import picture_of_a_chat
from tickets.models import Message, Ticket, TicketEvent

PEOPLE = {"nora": Role.MODERATOR, "milo": Role.MODERATOR, "finn": "", "jule": "", "kaya": "", "tariq": ""}

REPLIES = {
    "hello": "Hi {owner}, {staff} here. Let me have a look.",
    "no-passwords": "Nobody of the team ever asks for a password. Please change yours if you gave it away.",
}
PAUSE = timedelta(minutes=4)
TICKET_MOMENTS = ("created_at", "active_at", "closed_at", "quiet_since", "first_answer_at")


@dataclass(frozen=True)
class Story:
    """One ticket: who asks, what, and what was said: `note:` to staff alone, `shows:` with a picture."""

    owner: str
    subject: str
    description: str
    type: str = "support"
    priority: str = "normal"
    tags: tuple[str, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
    claimed_by: str = ""
    closed_by: str = ""
    rated: int = 0
    hours_ago: float = 1


STORIES = (
    Story(
        "tariq",
        "Applying for the event team",
        "I ran two Rocket League cups for my old clan and would like to help with yours.",
        type="application",
        said=(
            ("milo", "Thanks for writing! Which evenings do you usually have time?"),
            ("tariq", "Tuesday and Thursday, and most weekends."),
            ("note:milo", "Played in our 3v3 last month, friendly on voice. I am for it."),
            ("milo", "Welcome aboard. You will get the role tonight."),
        ),
        claimed_by="milo",
        closed_by="milo",
        rated=5,
        hours_ago=26,
    ),
    Story(
        "kaya",
        "Meme channel shows the same picture all day",
        "Since yesterday the daily meme is always the cat on the keyboard. It is a good cat, but still.",
        type="bug",
        priority="low",
        tags=("memes",),
        hours_ago=5,
        said=(("nora", "Confirmed, it picks from the cache without looking. On the list for the weekend."),),
    ),
    Story(
        "jule",
        "Somebody uses my name in voice chat",
        "A member named himself like me and asks people for their Steam login. Please have a look soon.",
        priority="urgent",
        tags=("safety",),
        hours_ago=2,
        said=(
            ("nora", "Thank you for telling us. Do you have a screenshot of what he wrote?"),
            ("shows:jule", "Yes, this one. He joined this morning, the account is from last week."),
            (
                "note:nora",
                "Same avatar as the account we removed on Friday. Banning, and warning the channel.",
            ),
            ("nora", "He is out, and there is a warning in #news. Nobody here ever asks for a password."),
        ),
        claimed_by="nora",
    ),
    Story(
        "finn",
        "My rank is stuck at Platinum",
        "I reached Diamond I on Friday, but the bot still says Platinum III and I miss my role.",
        tags=("rocket league",),
        said=(
            ("nora", "Hey Finn! Which platform are you on, and did you change your name there?"),
            ("finn", "Epic. And yes, I renamed myself last week. Is that it?"),
        ),
    ),
)


class Command(BaseCommand):
    help = "Add believable demo people and tickets to an installation without tickets."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demo data is not for production.")
        if Ticket.objects.exists():
            return
        password = secrets.token_urlsafe(9)
        people = {name: self._person(name, role, password) for name, role in PEOPLE.items()}
        for name, content in REPLIES.items():
            services.save_canned_reply(people["nora"], {"name": name, "content": content})
        for story in STORIES:
            self._tell(story, people)
        moderators = ", ".join(name for name, role in PEOPLE.items() if role)
        members = ", ".join(name for name, role in PEOPLE.items() if not role)
        self.stdout.write(
            f"  Demo moderators: {moderators}\n  Demo members:    {members}\n"
            f"  Their password:  {password}\n\n"
        )

    def _person(self, name: str, role: str, password: str) -> User:
        user: User | None = User.objects.filter(username=name).first()
        return user or add_user(name, password, role)

    def _tell(self, story: Story, people: dict[str, User]) -> None:
        ticket = services.open_ticket(
            people[story.owner],
            story.subject,
            story.description,
            type=story.type,
            priority=story.priority,
        )
        if story.tags:
            services.update_ticket(ticket.public_id, people["nora"], {"tags": list(story.tags)})
        if story.claimed_by:
            services.claim_ticket(ticket.public_id, people[story.claimed_by])
        for line, words in story.said:
            how, _, who = line.rpartition(":")
            SAYING[how](ticket.public_id, people[who], words)
        if story.closed_by:
            services.close_ticket(ticket.public_id, people[story.closed_by])
        if story.rated:
            services.rate_ticket(ticket.public_id, people[story.owner], story.rated, "")
        _put_back(ticket, timedelta(hours=story.hours_ago))


def _show(ticket_id: str, person: User, words: str) -> Message:
    file = ContentFile(picture_of_a_chat(), "what-he-writes.png")
    return services.attach_files(ticket_id, person, [file], words)


SAYING: Mapping[str, Callable[[str, User, str], Message]] = {
    "": services.post_message,
    "note": services.add_note,
    "shows": _show,
}


def _put_back(ticket: Ticket, ago: timedelta) -> None:
    """As if it had begun then, some minutes between one step and the next. Nothing of it is due yet."""
    began, steps = timezone.now() - ago, list(ticket.events.order_by("seq"))
    for event in steps:
        event.at = began + event.seq * PAUSE
        if event.message_id:
            Message.objects.filter(pk=event.message_id).update(created_at=event.at)
    TicketEvent.objects.bulk_update(steps, ["at"])
    earlier = {name: F(name) - (timezone.now() - steps[-1].at) for name in TICKET_MOMENTS}
    Ticket.objects.filter(pk=ticket.pk).update(**earlier)
