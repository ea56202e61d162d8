"""Whether this process lives and can serve. Answered on the event loop, beside the pool of requests.

A check is a function that returns what to say, or raises. Each has a second; one that hangs is not
started again until it came back, so a database that is stuck costs one thread and not one a probe.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import orjson
import redis
import structlog
from django.conf import settings
from django.db import close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor

logger = structlog.get_logger(__name__)
DEADLINE_SECONDS = 1.0
_started = time.monotonic()
_pool = ThreadPoolExecutor(4, thread_name_prefix="health")
_running: dict[str, asyncio.Future[str]] = {}
_migrated = False


def check_database() -> str:
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _migrated:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                raise RuntimeError("Migrations are pending")
            _migrated = True  # an older process may outlive a newer migration, never the reverse
    finally:
        close_old_connections()
    return "Database connected"


def check_redis() -> str:
    if not settings.REDIS_URL:
        return "No Redis configured: the in-memory backend is in use"
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.8, socket_connect_timeout=0.8) as client:
        client.ping()
    return "Redis connected"


CHECKS: dict[str, Callable[[], str]] = {"database": check_database, "redis": check_redis}


async def respond(path: str) -> tuple[int, dict[str, Any]] | None:
    """Status and body for a path under `/health/`; None when there is no such page."""
    if path == "/health/live":
        return 200, {"status": "alive", **_now()}
    if path == "/health/ready":
        results = await asyncio.gather(*(_result(name) for name in CHECKS))
        checks = dict(zip(CHECKS, results, strict=True))
        ready = all(check["status"] == "healthy" for check in checks.values())
        return (200 if ready else 503), {
            "status": "ready" if ready else "not_ready",
            **_now(),
            "checks": checks,
        }
    return None


def _now() -> dict[str, Any]:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"timestamp": now, "uptime_seconds": round(time.monotonic() - _started, 3)}


async def _result(name: str) -> dict[str, str]:
    running = _running.get(name)
    if running is None or running.done() or running.get_loop() is not asyncio.get_running_loop():
        running = asyncio.get_running_loop().run_in_executor(_pool, CHECKS[name])
        _running[name] = running
    try:
        message = await asyncio.wait_for(asyncio.shield(running), DEADLINE_SECONDS)
        return {"status": "healthy", "message": message}
    except TimeoutError:
        return {"status": "unhealthy", "message": "No answer within a second"}
    except Exception as error:
        logger.warning("health_check_failed", check=name, error=repr(error))
        reason = str(error) if isinstance(error, RuntimeError) else "Not reachable"
        return {"status": "unhealthy", "message": reason}


def encode(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body)
