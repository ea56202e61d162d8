"""What is left after a test whose transactions were real: nothing, as after Django's `flush`, but sooner.

`flush` truncates every table, which costs PostgreSQL several files for each, and then makes anew what
`migrate` makes: content types, permissions, triggers. Here rows are deleted, and those are left alone.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction
from django.test import TransactionTestCase

from hazesite.audit import triggers

MADE_BY_MIGRATE = ("django_migrations", "django_content_type", "auth_permission")
# As a replica it fires no triggers: neither those of foreign keys nor the one that keeps the audit log.
POSTGRES = f"""
DO $$
DECLARE one text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT tablename FROM pg_tables
        WHERE schemaname = current_schema AND tablename NOT IN {MADE_BY_MIGRATE}
    LOOP
        EXECUTE format('DELETE FROM %I', one);
    END LOOP;
END $$
"""


def empty(connection: Any) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES)
            return
        for statement in triggers.unguard_sql(connection.vendor):
            cursor.execute(statement)
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            if table not in MADE_BY_MIGRATE:
                cursor.execute(f'DELETE FROM "{table}"')
        triggers.guard(connection)


def _after(case: Any) -> None:
    for name in case._databases_names(include_mirrors=False):
        empty(connections[name])


def install() -> None:
    """In the place of Django's, for pytest-django's transactional tests."""
    TransactionTestCase._fixture_teardown = _after
