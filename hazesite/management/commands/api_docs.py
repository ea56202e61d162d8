from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from hazesite import documents


class Command(BaseCommand):
    help = "Write openapi.yaml, and the table of calls in docs/API_DOCUMENTATION.md, from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        for path in documents.write():
            self.stdout.write(str(path))
