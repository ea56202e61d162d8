from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from analytics import demo


class Command(BaseCommand):
    help = "Add a month of believable use of the app to an installation nobody has used yet."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demo data is not for production.")
        demo.tell()
