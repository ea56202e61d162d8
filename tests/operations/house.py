"""An installation that is operated by its commands, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.serving import ROOT, Server

PASSPHRASE = "seven little grey goats 9"
CONTENTS = """
import hashlib, json
from tickets.models import Attachment, Message, Ticket
from django.core.files.storage import default_storage
def digest(place):
    with default_storage.open(place) as file:
        return hashlib.sha256(file.read()).hexdigest()
print(json.dumps({
    "messages": list(Message.objects.order_by("pk").values_list("content", flat=True)),
    "tickets": list(Ticket.objects.order_by("pk").values_list("subject", flat=True)),
    "files": [[a.stored.digest, digest(a.stored.place)] for a in Attachment.objects.select_related("stored")],
}))
"""


class House:
    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.server = Server(data, environment={"BACKUP_PASSPHRASE": PASSPHRASE, **environment})
        data.mkdir(parents=True, exist_ok=True)
        self.environment = self.server.surroundings()

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            env=self.environment | environment, cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def manage(self, *command: str, **environment: str) -> str:
        done = self.run(*command, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refuses(self, *command: str, **environment: str) -> str:
        """The sentence with which it fails; no traceback."""
        done = self.run(*command, **environment)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stdout + done.stderr
        return done.stderr

    def contents(self) -> dict[str, Any]:
        """What people would miss. A row without its file raises."""
        told: dict[str, Any] = json.loads(self.manage("shell", "-v0", "-c", CONTENTS))
        return told
