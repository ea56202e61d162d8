"""What it costs whoever sends a message that phones are to ring for it.

    python -m benchmarks.telling [--database sqlite postgres] [--messages 600]

A member writes in a ticket that twenty of staff with a phone each hear of; with and without what the
notifications do in that transaction, in turns, through the whole of Django. Printed are medians by the clock.
It ends with an error when they differ by more than 2 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import Any

from tests.backends import private_postgres

ALLOWED_MS, STAFF = 2.0, 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--database", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"]
    )
    parser.add_argument("--messages", type=int, default=600)
    options = parser.parse_args()
    if len(options.database) > 1:  # Django is set up once in a process
        again = [
            sys.executable,
            "-m",
            "benchmarks.telling",
            "--messages",
            str(options.messages),
            "--database",
        ]
        sys.exit(max(subprocess.run([*again, name]).returncode for name in options.database))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if options.database == ["postgres"]:
            os.environ["DATABASE_URL"] = stack.enter_context(private_postgres()).address
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "hazesite.settings"}
        os.environ |= {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "error", "ALLOWED_HOSTS": "testserver"}
        added = compare(options.database[0], options.messages)
    sys.exit(f"{added:.1f} ms are more than {ALLOWED_MS}" if added > ALLOWED_MS else 0)


def compare(database: str, messages: int) -> float:
    """Milliseconds that are added."""
    client, path = prepared()
    from hazesite.events import _subscribers
    from tickets.events import TicketMoved

    everybody = _subscribers[TicketMoved]
    others = [one for one in everybody if not one.__module__.startswith("notifications")]
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(messages * 2 + 50):
        telling = number % 4 in (1, 2)
        _subscribers[TicketMoved] = everybody if telling else others
        started = time.perf_counter()
        answer = client.post(path, {"message": f"Word number {number}."}, format="json")
        spent = (time.perf_counter() - started) * 1000
        assert answer.status_code == 200, answer.content
        if number >= 50:
            taken[telling].append(spent)
    _subscribers[TicketMoved] = everybody
    off, on = statistics.median(taken[False]), statistics.median(taken[True])
    print(f"{database}: {off:.2f} ms without, {on:.2f} ms with, {on - off:+.2f} ms, ratio {on / off:.2f}")
    return on - off


def prepared() -> tuple[Any, str]:
    import django

    django.setup()
    from django.core.management import call_command
    from rest_framework.test import APIClient

    from accounts import services as accounts
    from accounts import tokens
    from notifications.models import Device
    from notifications.services.devices import digest_of
    from tickets import services

    call_command("migrate", verbosity=0)
    for number in range(STAFF):
        user = accounts.add_user(f"staff{number}", "analytical-engine-1", "moderator")
        Device.objects.create(user=user, address=f"phone-{number}", digest=digest_of(f"phone-{number}"))
    owner = accounts.add_user("owner", "analytical-engine-1", "")
    ticket = services.open_ticket(owner, "It does not start", "Since this morning nothing happens.")
    client, session = APIClient(), accounts.start_session(owner, accounts.Device())
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(session)}")
    return client, f"/api/tickets/{ticket.public_id}/send"


if __name__ == "__main__":
    main()
