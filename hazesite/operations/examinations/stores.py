"""What keeps things: the database, Redis, uploads, and whether there is a copy of it all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import redis
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.storage.filesystem import FileSystemStorage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from hazesite.operations.backups import last_backup_file
from hazesite.operations.databases import describe
from hazesite.operations.doctor import Finding, doubtful, examination, ill, well

OLD_BACKUP = timedelta(days=2)
START = "It must run and be reachable from here under"


@examination("database")
def database() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        yield ill("database", f"not reachable: {reason}", f"{START} DATABASE_URL.")
        return
    told = describe()
    yield well("database", f"{told['kind']} {told['version']}")
    if settings.PRODUCTION and connection.vendor == "sqlite" and settings.REDIS_URL:
        yield doubtful(
            "database for several processes",
            "Redis is set, but the database is a file of this host",
            "Several web processes want PostgreSQL: manage.py move_to_postgres.",
        )


@examination("migrations")
def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        named = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _back in pending[:3])
        yield ill("migrations", f"{len(pending)} pending ({named})", "Run manage.py prepare.")
    else:
        yield well("migrations", "all applied")


@examination("redis")
def redis_server() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield well("redis", "not set: one web process and its memory")
        return
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            told = client.info("server")
    except redis.RedisError as error:
        yield ill("redis", f"not reachable: {type(error).__name__}", f"{START} REDIS_URL.")
        return
    yield well("redis", f"Redis {told['redis_version']}")


@examination("uploads")
def uploads() -> Iterator[Finding]:
    if not isinstance(default_storage, FileSystemStorage):
        yield well("uploads", f"in {type(default_storage).__name__}")
        return
    place = Path(settings.MEDIA_ROOT)
    folder = next(path for path in (place, *place.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        yield ill(
            "uploads", f"{place}: {error.strerror}", "The user of the server must be able to write there."
        )
        return
    yield well("uploads", f"{place} is writable")


@examination("backup")
def backup() -> Iterator[Finding]:
    advice = "Let cron run manage.py backup --encrypt each night, and copy its file to another host."
    try:
        told = json.loads(last_backup_file().read_text(encoding="utf-8"))
        made_at, encrypted = datetime.fromisoformat(told["created_at"]), bool(told["encrypted"])
    except (OSError, ValueError, KeyError, TypeError):
        if settings.PRODUCTION:
            yield doubtful("backup", "none was made here yet", advice)
        else:
            yield well("backup", "none was made here yet")
        return
    age = timezone.now() - made_at
    message = f"the last one is {age.total_seconds() / 3600:.0f} h old"
    if age > OLD_BACKUP:
        yield doubtful("backup", message, advice)
    elif settings.PRODUCTION and not encrypted:
        yield doubtful("backup", f"{message}, and not encrypted", advice)
    else:
        yield well("backup", message)
