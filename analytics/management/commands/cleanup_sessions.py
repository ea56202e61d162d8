from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from analytics.collecting.sessions import end_idle_sessions
from analytics.keeping import forget_old


class Command(BaseCommand):
    help = "End sessions nobody was seen in for half an hour, and forget what is kept no longer. For cron."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"sessions ended: {end_idle_sessions()}")
        for name, count in forget_old().items():
            self.stdout.write(f"{name} forgotten: {count}")
