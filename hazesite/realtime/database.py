"""The one way from the event loop to the ORM."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

P = ParamSpec("P")
T = TypeVar("T")
_pool = ThreadPoolExecutor(settings.SOCKET_THREADS, thread_name_prefix="sockets")


def unforeseen(error: Exception) -> Exception | None:
    """For a log line's `exc_info`: the error, unless it only says that the database cannot answer."""
    return None if isinstance(error, (OperationalError, InterfaceError)) else error


async def db_call(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a bounded pool of threads with healthy connections.

    Django's own `sync_to_async` uses one thread for everybody: a single wait for a row lock would
    stall every socket of the process.
    """
    context = contextvars.copy_context()

    def run() -> T:
        close_old_connections()
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_pool, context.run, run)
