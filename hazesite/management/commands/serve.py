from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hazesite import supervisor


class Command(BaseCommand):
    help = "Prepare the database and run the whole product as supervised processes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="add demo data when there are no tickets")

    def handle(self, *_args: Any, **options: Any) -> None:
        # manage.py starts the supervisor before Django is loaded; this is for `help` and call_command.
        sys.exit(supervisor.serve(["--demo"] if options["demo"] else []))
