"""What makes the log append-only for whoever comes with SQL as well."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE, PERMITS = "hazesite_auditentry", "hazesite_auditretention"
KEPT = ("id", "at", "actor_id", "verb", "object_type", "object_id", "before", "after", "door", "request_id")
REFUSAL = "the audit log is append-only"

# ruff: noqa: S608 - all of it is written here.
POSTGRES = f"""
CREATE OR REPLACE FUNCTION hazesite_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.address IS NULL
        AND to_jsonb(NEW) - 'address' = to_jsonb(OLD) - 'address' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM {PERMITS} permit WHERE permit.before > OLD.at) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE FUNCTION hazesite_audit_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE TRIGGER hazesite_audit_kept BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION hazesite_audit_kept();
CREATE OR REPLACE TRIGGER hazesite_audit_not_emptied BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION hazesite_audit_not_emptied();
"""
_UNCHANGED = " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in KEPT)
SQLITE = {
    "hazesite_audit_kept": f"""
        BEFORE UPDATE ON {TABLE} WHEN NOT (NEW.address IS NULL AND {_UNCHANGED})
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    "hazesite_audit_not_emptied": f"""
        BEFORE DELETE ON {TABLE}
        WHEN NOT EXISTS (SELECT 1 FROM {PERMITS} permit WHERE permit."before" > OLD.at)
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
}


def guard(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place, also back where a migration made the table anew without them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES)
            return
        for name, does in SQLITE.items():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {does}")


def unguard_sql(vendor: str) -> list[str]:
    where = f" ON {TABLE}" if vendor == "postgresql" else ""
    return [f"DROP TRIGGER IF EXISTS {name}{where}" for name in SQLITE]


def guard_after_migrating(sender: Any, using: str, **_: Any) -> None:
    """For `post_migrate`, which `manage.py flush` sends too: that empties the log with all the rest."""
    from django.db import connections

    connection = connections[using]
    if TABLE in connection.introspection.table_names():
        guard(connection)
