"""Members who each have a ticket and are signed in, for benchmarks that talk to a server over the network.

    python -m benchmarks.members 1000 20    # members, messages of each ticket

Migrates and fills the database that the environment names, and prints as JSON what a client needs to know.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hazesite.settings")
STAFF = 10


def fill(members: int, said: int) -> None:
    from benchmarks.community import LIFE, SPAN, YEARS_START, Community, Plan
    from tickets.models import Ticket

    class Members(Community):
        """As any community, but everybody has one ticket, not closed, of the same length."""

        def plans(self) -> Iterator[Plan]:
            self.owners = self.owners[: self.tickets]
            for number, owner in enumerate(self.owners, start=1):
                opened = YEARS_START + SPAN / self.tickets * number
                plan = Plan(number, owner.pk, opened, said, ("open", "claimed")[number % 2])
                steps = itertools.repeat(LIFE / said, said)
                plan.times = [opened + after for after in itertools.accumulate(steps)]
                yield plan

        def people(self) -> None:
            tickets, self.tickets = self.tickets, self.tickets * 20  # one owner for twenty tickets there
            super().people()
            self.tickets = tickets

    if not Ticket.objects.exists():
        Members(members).build(say=lambda line: print(line, file=sys.stderr))


def signed_in() -> dict[str, Any]:
    from django.conf import settings
    from django.utils import timezone

    from accounts import tokens
    from accounts.models import Session, User
    from tickets.models import Ticket

    now = timezone.now()
    end = now + timedelta(days=14)
    people = [*User.objects.filter(username__startswith="staff").order_by("pk")[:STAFF]]
    tickets = list(Ticket.objects.select_related("owner").order_by("pk"))
    people += [ticket.owner for ticket in tickets]
    sessions = [Session(user=user, generation_at=now, last_seen_at=now, expires_at=end) for user in people]
    Session.objects.bulk_create(sessions, batch_size=500)
    issued = [tokens.issue(session) for session in sessions]
    members = [
        {"token": token, "ticket": ticket.public_id}
        for token, ticket in zip(issued[-len(tickets) :], tickets, strict=True)
    ]
    database = settings.DATABASES["default"]
    return {
        "staff": issued[:STAFF],
        "members": members,
        "jwt_key": settings.JWT_KEY,
        "sqlite": str(database["NAME"]) if database["ENGINE"].endswith("sqlite3") else "",
    }


def main() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    fill(int(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps(signed_in()))


if __name__ == "__main__":
    main()
