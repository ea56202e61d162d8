from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from botconfig.importing import Findings, Unusable, differing, read_files, rehearse, take_over


class Command(BaseCommand):
    help = (
        "Take over the configuration of the original bot, from its JSON files (api_config_overrides.json, or "
        "one named after a section). All or nothing; what differs is printed. Again, it changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would change.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = read_files(options["files"])
            changes = differing(found)
            (rehearse if options["dry_run"] else take_over)(found)
        except Unusable as unusable:
            raise CommandError("Nothing was changed:\n" + str(unusable)) from unusable
        self._tell(found, changes)
        self.stdout.write("Nothing was changed: a dry run." if options["dry_run"] else "Taken over.")

    def _tell(self, found: Findings, changes: Any) -> None:
        for section, fields in changes.items():
            self.stdout.write(f"{section}:" if fields else f"{section}: no difference")
            for field, change in fields.items():
                self.stdout.write(f"  {field}: {_shown(change['from'])} -> {_shown(change['to'])}")
        for key in found.unknown:
            self.stdout.write(self.style.WARNING(f"skipped: {key} (there is no such setting here)"))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"
