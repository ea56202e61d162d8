from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from hazesite.housekeeping import CHORES


class Command(BaseCommand):
    help = "Clear away what is past its time (also done at each start). For cron."

    def handle(self, *_args: Any, **_options: Any) -> None:
        for chore in CHORES:
            self.stdout.write(f"{chore.__name__}: {chore()}")
