from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import exporting
from accounts.models import User
from hazesite import origin


class Command(BaseCommand):
    help = "Write all that is known of somebody as JSON, attachments included."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="the user id")
        parser.add_argument("--output", metavar="FILE", help="default: standard output")

    def handle(self, *_args: Any, **options: Any) -> None:
        origin.enter("command")
        person = User.objects.people().filter(user_id=options["id"]).first()
        if person is None:
            raise CommandError(f"There is no user {options['id']}.")
        exporting.note(person, None)
        if options["output"]:
            path = Path(options["output"])
            path.touch(mode=0o600)
            with path.open("wb") as file:
                file.writelines(exporting.pieces(person))
            self.stdout.write(f"Wrote {path}.")
            return
        for piece in exporting.pieces(person):
            self.stdout.write(piece.decode(), ending="")
