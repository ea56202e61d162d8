from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from monitoring import samples
from monitoring.services.console import CONSOLE


class Command(BaseCommand):
    help = "Watch this site itself: nine monitors of its own endpoints, and the status page that shows them."

    def handle(self, *_args: Any, **_options: Any) -> None:
        report = samples.create(CONSOLE)
        count = report.monitors
        self.stdout.write(f"{len(count.added)} monitors added, {len(count.unchanged)} were there.")
        for skipped in report.skipped:
            self.stdout.write(self.style.WARNING(f"skipped: {skipped.name}: {skipped.reason}"))
