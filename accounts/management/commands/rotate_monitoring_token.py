from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import monitoring_tokens, tokens


class Command(BaseCommand):
    help = (
        "For cron: make a new monitoring token when the newest one is old, and revoke what was replaced long "
        "enough ago. Prints a new token, or keeps the newest one in a file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--output", type=Path, help="a file for the token (mode 600) instead of printing it"
        )
        parser.add_argument("--max-age-days", type=_days, default=monitoring_tokens.MAX_AGE.days)
        parser.add_argument("--overlap-days", type=_days, default=monitoring_tokens.OVERLAP.days)

    def handle(self, *_args: Any, **options: Any) -> None:
        rotation = monitoring_tokens.rotate(
            timedelta(days=options["max_age_days"]), timedelta(days=options["overlap_days"])
        )
        token, file = tokens.issue(rotation.newest), options["output"]
        if file is not None:
            try:
                _keep(file, token)
            except OSError as error:
                raise CommandError(f"The token could not be written to {file}: {error.strerror}.") from error
        elif rotation.is_new:
            self.stdout.write(token)
        expires = datetime.fromtimestamp(tokens.expires_at(rotation.newest), UTC)
        news = "A new token was made" if rotation.is_new else "The newest token is still young"
        self.stderr.write(f"{news}; it expires on {expires:%Y-%m-%d}. Revoked: {rotation.revoked}.")


def _days(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _keep(file: Path, token: str) -> None:
    """Whole or not at all, and never readable by others, whatever was there before."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # with mode 600
    try:
        with os.fdopen(descriptor, "w") as written:
            written.write(f"{token}\n")
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
