from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring.importing import plan
from monitoring.importing.plan import Count, Report
from monitoring.importing.portable import Unusable
from monitoring.services.console import CONSOLE


class Command(BaseCommand):
    help = (
        "Take over monitors and notification channels from an export of this site or a backup of Uptime Kuma "
        "(JSON). By names: a second time makes nothing double."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be done.")
        parser.add_argument(
            "--update", action="store_true", help="Change monitors of the same name to what the file says."
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="What ${NAME} in the file is."
        )

        parser.add_argument(
            "--own", default="", metavar="ADDRESS", help="The address by which the file means this site."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        known = dict(_pair(text) for text in options["set"])
        try:
            document = orjson.loads(options["file"].read_bytes())
            report = plan.run(
                CONSOLE,
                document,
                dry_run=options["dry_run"],
                update=options["update"],
                known=known,
                own=options["own"],
            )
        except (OSError, orjson.JSONDecodeError, Unusable) as error:
            raise CommandError(f"Nothing was changed: {error}") from error
        self._tell(report)

    def _tell(self, report: Report) -> None:
        for title, count in (("channels", report.notification_channels), ("monitors", report.monitors)):
            self.stdout.write(f"{title}: {_counted(count)}")
        for note in report.notes:
            self.stdout.write(f"note: {note.name}: {note.reason}")
        for skipped in report.skipped:
            self.stdout.write(self.style.WARNING(f"skipped: {skipped.name}: {skipped.reason}"))
        self.stdout.write("Nothing was changed: a dry run." if report.dry_run else "Imported.")


def _counted(count: Count) -> str:
    return ", ".join(f"{len(names)} {deed}" for deed, names in vars(count).items())


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise CommandError(f"--set takes NAME=VALUE, not {text}")
    return name, value
