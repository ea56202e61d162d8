from __future__ import annotations

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from hazesite.jobs.worker import Worker


class Command(BaseCommand):
    help = "Run jobs. Any number of workers may run, on any number of hosts."

    def add_arguments(self, parser: CommandParser) -> None:
        known = settings.TASKS["default"]["QUEUES"]
        parser.add_argument("--queue", action="append", choices=known, help="only this one; may be repeated")
        parser.add_argument("--threads", type=int, default=settings.WORKER_THREADS)

    def handle(self, *_args: Any, **options: Any) -> None:
        worker = Worker(options["queue"] or settings.TASKS["default"]["QUEUES"], options["threads"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        worker.run()
