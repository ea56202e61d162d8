from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import erasing
from accounts.models import User
from hazesite import origin
from hazesite.errors import Refused


class Command(BaseCommand):
    help = "Forget somebody for good: their words, files, sign-ins, name. Cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="the user id")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_args: Any, **options: Any) -> None:
        origin.enter("command")
        person = User.objects.people().filter(user_id=options["id"]).first()
        if person is None:
            raise CommandError(f"There is no user {options['id']}.")
        if not options["yes"] and not self._agreed(person):
            raise CommandError("Nothing was changed.")
        try:
            erasure = erasing.run(erasing.begin_erasing(person, None))
        except Refused as error:
            raise CommandError(str(error)) from error
        counts = ", ".join(f"{name}: {count}" for name, count in erasure.counts.items())
        self.stdout.write(f"Erased. Left of them: {erasure.alias}. ({counts})")

    def _agreed(self, person: User) -> bool:
        """An answer that cannot be given (no terminal) is none."""
        try:
            return input(f"Type {person.username} to erase this person for good: ") == person.username
        except EOFError:
            return False
