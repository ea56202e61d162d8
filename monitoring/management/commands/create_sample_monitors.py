from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring import samples
from monitoring.models import Monitor
from monitoring.samples_past import give_a_past
from monitoring.services.console import CONSOLE


class Command(BaseCommand):
    help = "Watch this site itself: nine monitors of its own endpoints, and the status page that shows them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="Only where there is no monitor yet, and with a past made up."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["demo"] and settings.PRODUCTION:
            raise CommandError("Demo data is not for production.")
        if options["demo"] and Monitor.objects.exists():
            return
        report = samples.create(CONSOLE)
        count = report.monitors
        self.stdout.write(f"{len(count.added)} monitors added, {len(count.unchanged)} were there.")
        if options["demo"]:
            give_a_past(Monitor.objects.all())
        for skipped in report.skipped:
            self.stdout.write(self.style.WARNING(f"skipped: {skipped.name}: {skipped.reason}"))
