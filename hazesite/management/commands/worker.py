from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from hazesite import pulse
from hazesite.jobs.worker import Worker
from hazesite.outgoing.drainer import Drainer


class Command(BaseCommand):
    help = "Run jobs and send what is to go out. Any number of workers may run, on any number of hosts."
    requires_system_checks = ()  # they load every page and view of the site

    def add_arguments(self, parser: CommandParser) -> None:
        known = settings.TASKS["default"]["QUEUES"]
        parser.add_argument("--queue", action="append", choices=known, help="only this one; may be repeated")
        parser.add_argument("--threads", type=int, default=settings.WORKER_THREADS)

    def handle(self, *_args: Any, **options: Any) -> None:
        pulse.start()
        worker = Worker(options["queue"] or settings.TASKS["default"]["QUEUES"], options["threads"])
        drainer = Drainer()

        def stop(*_: Any) -> None:
            drainer.stop()
            worker.stop()

        def send() -> None:
            try:
                drainer.run()
            finally:
                worker.stop()  # neither goes on without the other: who started this starts it again

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        sending = threading.Thread(target=send, name="drainer")
        sending.start()
        try:
            worker.run()
        finally:
            drainer.stop()
            sending.join()
