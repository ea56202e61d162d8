from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser

from monitoring.importing import portable


class Command(BaseCommand):
    help = "Write all monitors and notification channels as JSON, for import_monitors."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="Without it: standard output.")
        parser.add_argument("--with-secrets", action="store_true", help="Headers, configs and tokens too.")

    def handle(self, *_args: Any, **options: Any) -> None:
        found = portable.export(with_secrets=options["with_secrets"])
        text = orjson.dumps(found, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
        if options["file"] is None:
            self.stdout.write(text.decode())
            return
        # Nobody else may read it: it may hold secrets.
        descriptor = os.open(options["file"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text + b"\n")
        count = f"{len(found['monitors'])} monitors, {len(found['notification_channels'])} channels"
        self.stdout.write(f"{count}: {options['file']}")
