from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from botconfig.documentation import write_page


class Command(BaseCommand):
    help = "Write docs/configuration.md from the description of the sections."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(str(write_page()))
