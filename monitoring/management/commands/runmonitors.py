from __future__ import annotations

import asyncio
import gc
import resource
import signal
import sys
from typing import Any

import uvloop
from django.core.management.base import BaseCommand

from hazesite import pulse
from monitoring.engine.loop import Engine

OPEN_FILES = 16_384
GARBAGE = (20_000, 20, 100)
SWITCH_SECONDS = 0.001
"""The thread that writes must not hold up the one that checks."""


class Command(BaseCommand):
    help = "Make the checks of monitors. Several may run, on any number of hosts: they share the work."
    requires_system_checks = ()  # they load every page and view of the site

    def handle(self, *_args: Any, **_options: Any) -> None:
        pulse.start()
        _allow_many_connections()
        sys.setswitchinterval(SWITCH_SECONDS)
        # What is there now stays: looking through all of it for garbage would hold up checks.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        uvloop.run(_run())


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run() -> None:
    engine = Engine()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.stop)
    await engine.run()
