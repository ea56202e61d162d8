"""What must answer before requests are taken: the database, with its migrations, and Redis."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from hazesite.health.registry import critical

_migrated = False


@critical("database")
def database() -> str:
    global _migrated
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise RuntimeError("Migrations are pending")
        _migrated = True  # an older process may outlive a newer migration, never the reverse
    return "Database connected"


@critical("redis")
def redis_answers() -> str:
    if not settings.REDIS_URL:
        return "No Redis configured: the in-memory backend is in use"
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.8, socket_connect_timeout=0.8) as client:
        client.ping()
    return "Redis connected"
