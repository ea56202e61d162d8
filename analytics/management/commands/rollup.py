from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.jobs import look_after_partitions
from analytics.rollups import running
from hazesite.errors import Refused


class Command(BaseCommand):
    help = "Add up what was used since the last time (workers do so every five minutes). For cron."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", type=date.fromisoformat,
            help="anew from this day on, such as 2026-11-01, after ANALYTICS_TIME_ZONE changed, say",
        )  # fmt: skip

    def handle(self, *_args: Any, since: date | None = None, **_options: Any) -> None:
        made = look_after_partitions.func()
        if since is not None:
            try:
                self.stdout.write(f"{running.run_since(since)} days anew")
            except Refused as refused:
                raise CommandError(str(refused)) from refused
        ran = running.run()
        self.stdout.write(
            f"{ran.days} days of uses, {ran.session_days} of sessions, {ran.errors} bugs, "
            f"{ran.tickets} tickets, {made} partitions made"
        )
