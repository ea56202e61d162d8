from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hazesite.errors import Refused
from hazesite.operations.backups import back_up


class Command(BaseCommand):
    help = "Back up the database, the uploads and the settings while the site runs. For cron."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: DATA_DIR/backups/...")
        parser.add_argument("--encrypt", action="store_true", help="with BACKUP_PASSPHRASE")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            kept = back_up(options["output"], encrypt=options["encrypt"])
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{kept.path}: {kept.files} files, {kept.size} bytes")
        if settings.UPLOADS:
            self.stderr.write("The uploads are not in it: they are in the bucket of UPLOADS_URL.")
        if not options["encrypt"]:
            self.stderr.write("It is not encrypted, and holds secrets: keep it where only you can read it.")
