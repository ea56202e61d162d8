from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.roles import Role
from accounts.services import add_user
from tickets import services
from tickets.models import Ticket

PEOPLE = {"nora": Role.MODERATOR, "milo": Role.MODERATOR, "finn": "", "jule": "", "kaya": "", "tariq": ""}


@dataclass(frozen=True)
class Story:
    """One ticket: who asks, what, and what was said; `note:` lines are for staff."""

    owner: str
    subject: str
    description: str
    type: str = "support"
    priority: str = "normal"
    tags: tuple[str, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
    claimed_by: str = ""
    closed_by: str = ""


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
    ),
    Story(
        "kaya",
        "Meme channel shows the same picture all day",
        "Since yesterday the daily meme is always the cat on the keyboard. It is a good cat, but still.",
        type="bug",
        priority="low",
        tags=("memes",),
        said=(("nora", "Confirmed, it picks from the cache without looking. On the list for the weekend."),),
    ),
    Story(
        "jule",
        "Somebody uses my name in voice chat",
        "A member named himself like me and asks people for their Steam login. Please have a look soon.",
        priority="urgent",
        tags=("safety",),
        said=(
            ("nora", "Thank you for telling us. Do you have a screenshot of what he wrote?"),
            ("jule", "Yes, two. He joined this morning, the account is from last week."),
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
        for who, words in story.said:
            service = services.add_note if who.startswith("note:") else services.post_message
            service(ticket.public_id, people[who.removeprefix("note:")], words)
        if story.closed_by:
            services.close_ticket(ticket.public_id, people[story.closed_by])
