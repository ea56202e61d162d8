from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hazesite.errors import Refused
from hazesite.operations.backups import restore


class Command(BaseCommand):
    help = "Put back what `backup` made, once all of it was found whole. The site must be stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace a database that is not empty")
        parser.add_argument("--check", action="store_true", help="only say whether it is whole")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            made = restore(options["file"], force=options["force"], only_check=options["check"])
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        deed = "is whole" if options["check"] else "is restored"
        about = f"made {made['created_at']} by version {made['version']}, {len(made['files'])} files"
        self.stdout.write(f"{options['file']} {deed}: {about}.")
