from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from hazesite.errors import Refused
from hazesite.operations.moving import move


class Command(BaseCommand):
    help = "Copy a site that runs on SQLite to an empty PostgreSQL, and compare. The site must be stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="postgres://user:password@host:5432/name")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            rows = move(options["url"], self.stdout.write)
        except (Refused, Error) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{rows} rows moved. Set DATABASE_URL to this address; SQLite's file stays as it is."
        )
