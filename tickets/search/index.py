"""The index behind the search: one row for each ticket's subject and each message that is not deleted.

The database keeps it, by triggers, so that no way of writing can forget it: FTS5 on SQLite, a table of
`tsvector` with a GIN index on PostgreSQL. Both fold case, accents, Arabic vowel marks and ß away and know
no language, because one community writes several.

The two have the same shape: a row is a ticket and a place in its stream, place 0 being the subject. On
SQLite both are packed into the rowid, so the index can be asked about one ticket without reading others.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from hazesite.housekeeping import chore

# What neither tokenizer folds by itself: Arabic vowel marks and lengthening, its alif with a sign, ß.
UNWRITTEN = "".join(map(chr, [0x0640, 0x0670, *range(0x064B, 0x0656)]))
ALIF = "\u0627"
SPELT = {"ß": "ss", "ẞ": "ss", "\u0623": ALIF, "\u0625": ALIF, "\u0622": ALIF}

SQLITE_TABLE = """
CREATE VIRTUAL TABLE IF NOT EXISTS tickets_search USING fts5(
    said, noted, content='', columnsize=0, prefix='2 3', tokenize='unicode61 remove_diacritics 2'
)"""
SQLITE_TERMS = """
CREATE VIRTUAL TABLE IF NOT EXISTS tickets_search_terms USING fts5vocab(tickets_search, instance)"""

POSTGRES = r"""
CREATE FUNCTION tickets_folded(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(
        regexp_replace(
            replace(lower(normalize(words, NFKD){collation}), 'ß', 'ss'),
            '[\u0300-\u036f\u0640\u064b-\u065f\u0670]+', '', 'g'
        ),
        '[\u0001-/:-@\[-`{{-\u00bf\u060c\u061b\u061f]+', ' ', 'g'
    )
$$;
CREATE FUNCTION tickets_vector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.simple', tickets_folded(words))
$$;
CREATE TABLE tickets_search (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id bigint NOT NULL,
    seq integer NOT NULL,
    is_note boolean NOT NULL,
    words tsvector NOT NULL
);
CREATE FUNCTION tickets_search_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.ticket_id, NEW.seq, NEW.content, NEW.is_note, NEW.deleted_at)
        IS NOT DISTINCT FROM (OLD.ticket_id, OLD.seq, OLD.content, OLD.is_note, OLD.deleted_at) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM tickets_search WHERE ticket_id = OLD.ticket_id AND seq = OLD.seq;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL THEN
        INSERT INTO tickets_search (ticket_id, seq, is_note, words)
        VALUES (NEW.ticket_id, NEW.seq, NEW.is_note, tickets_vector(NEW.content));
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION tickets_search_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.subject = OLD.subject THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM tickets_search WHERE ticket_id = OLD.id AND seq = 0;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO tickets_search (ticket_id, seq, is_note, words)
        VALUES (NEW.id, 0, false, tickets_vector(NEW.subject));
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION tickets_search_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE tickets_search;
    RETURN NULL;
END $$;
"""
POSTGRES_ROWS = """
INSERT INTO tickets_search (ticket_id, seq, is_note, words)
SELECT id, 0, false, tickets_vector(subject) FROM tickets_ticket;
INSERT INTO tickets_search (ticket_id, seq, is_note, words)
SELECT ticket_id, seq, is_note, tickets_vector(content) FROM tickets_message
WHERE deleted_at IS NULL ORDER BY id;
"""
POSTGRES_GROUP_BITS = 13
POSTGRES_GROUP = f"(ARRAY[ticket_id >> {POSTGRES_GROUP_BITS}])"
# No pending list: whoever searches next would pay for it.
POSTGRES_WORDS = f"ON tickets_search USING gin (words, {POSTGRES_GROUP}) WITH (fastupdate = off)"
POSTGRES_INDEXES = f"""
CREATE UNIQUE INDEX tickets_search_place ON tickets_search (ticket_id, seq);
CREATE INDEX tickets_search_words {POSTGRES_WORDS};
"""
# Where the index knows no groups yet; what an interrupted attempt left is not valid.
POSTGRES_REGROUPED = (
    "SET statement_timeout = 0",
    "DROP INDEX CONCURRENTLY IF EXISTS tickets_search_grouped",
    f"CREATE INDEX CONCURRENTLY tickets_search_grouped {POSTGRES_WORDS}",
    "DROP INDEX CONCURRENTLY tickets_search_words",
    "ALTER INDEX tickets_search_grouped RENAME TO tickets_search_words",
    "RESET statement_timeout",
)
POSTGRES_TRIGGERS = """
CREATE TRIGGER tickets_search AFTER INSERT OR UPDATE OR DELETE ON tickets_message
    FOR EACH ROW EXECUTE FUNCTION tickets_search_message();
CREATE TRIGGER tickets_search AFTER INSERT OR UPDATE OR DELETE ON tickets_ticket
    FOR EACH ROW EXECUTE FUNCTION tickets_search_subject();
CREATE TRIGGER tickets_search_emptied AFTER TRUNCATE ON tickets_message
    FOR EACH STATEMENT EXECUTE FUNCTION tickets_search_emptied();
"""
# From the triggers on nobody else writes until the end of the transaction: what was written since the rows
# were read can be told. `now()` is when it began; a request takes seconds, and clocks differ by less.
POSTGRES_MISSED = """
DELETE FROM tickets_search found USING tickets_message changed
WHERE found.ticket_id = changed.ticket_id AND found.seq = changed.seq
AND greatest(changed.edited_at, changed.deleted_at) > now() - interval '10 minutes';
INSERT INTO tickets_search (ticket_id, seq, is_note, words)
SELECT id, 0, false, tickets_vector(subject) FROM tickets_ticket ticket
WHERE NOT EXISTS (SELECT 1 FROM tickets_search found WHERE found.ticket_id = ticket.id AND found.seq = 0);
INSERT INTO tickets_search (ticket_id, seq, is_note, words)
SELECT ticket_id, seq, is_note, tickets_vector(content) FROM tickets_message message
WHERE deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM tickets_search found
    WHERE found.ticket_id = message.ticket_id AND found.seq = message.seq
) ORDER BY id;
ANALYZE tickets_search;
"""
POSTGRES_GONE = """
DROP TRIGGER tickets_search ON tickets_message;
DROP TRIGGER tickets_search_emptied ON tickets_message;
DROP TRIGGER tickets_search ON tickets_ticket;
DROP FUNCTION tickets_search_message, tickets_search_subject, tickets_search_emptied;
DROP TABLE tickets_search;
DROP FUNCTION tickets_vector(text);
DROP FUNCTION tickets_folded(text);
"""


def respelt(text: str) -> str:
    """`text` as the triggers on SQLite hand it to the tokenizer, which does the rest."""
    for sign, spelling in _spellings():
        text = text.replace(sign, spelling)
    return text


def _spellings() -> list[tuple[str, str]]:
    return [*SPELT.items(), *((sign, "") for sign in UNWRITTEN)]


def _in_sql(column: str) -> str:
    for sign, spelling in _spellings():
        column = f"replace({column}, char({ord(sign)}), '{spelling}')"
    return column


# The rowid, and the two columns of the index, from a row of messages or of tickets.
def _message(row: str) -> str:
    words = _in_sql(f"{row}.content")
    said, noted = (f"iif({row}.is_note, {pair})" for pair in (f"'', {words}", f"{words}, ''"))
    return f"({row}.ticket_id << 32) + {row}.seq, {said}, {noted}"


def _subject(row: str) -> str:
    return f"{row}.id << 32, {_in_sql(f'{row}.subject')}, ''"


# ruff: noqa: S608 - all of it is written here.
ADD = "INSERT INTO tickets_search (rowid, said, noted)"
# Without a copy of the text the index has to be told what it forgets.
FORGET = "INSERT INTO tickets_search (tickets_search, rowid, said, noted)"
MESSAGE_COLUMNS = "ticket_id, seq, content, is_note, deleted_at"
SQLITE_ROWS = (
    f"{ADD} SELECT {_subject('t')} FROM tickets_ticket t",
    f"{ADD} SELECT {_message('m')} FROM tickets_message m WHERE deleted_at IS NULL",
)
# One segment where there would be a dozen: a question costs as many look-ups.
SQLITE_MERGED = "INSERT INTO tickets_search (tickets_search) VALUES ('optimize')"
SQLITE_MERGE = "INSERT INTO tickets_search (tickets_search, rank) VALUES ('merge', 500)"
SQLITE_TRIGGERS = {
    "tickets_search_message_added": f"""
        AFTER INSERT ON tickets_message WHEN NEW.deleted_at IS NULL BEGIN
            {ADD} VALUES ({_message("NEW")});
        END""",
    "tickets_search_message_changed": f"""
        AFTER UPDATE OF {MESSAGE_COLUMNS} ON tickets_message BEGIN
            {FORGET} SELECT 'delete', {_message("OLD")} WHERE OLD.deleted_at IS NULL;
            {ADD} SELECT {_message("NEW")} WHERE NEW.deleted_at IS NULL;
        END""",
    "tickets_search_message_gone": f"""
        AFTER DELETE ON tickets_message WHEN OLD.deleted_at IS NULL BEGIN
            {FORGET} VALUES ('delete', {_message("OLD")});
        END""",
    "tickets_search_subject_added": f"""
        AFTER INSERT ON tickets_ticket BEGIN
            {ADD} VALUES ({_subject("NEW")});
        END""",
    "tickets_search_subject_changed": f"""
        AFTER UPDATE OF id, subject ON tickets_ticket WHEN OLD.subject IS NOT NEW.subject BEGIN
            {FORGET} VALUES ('delete', {_subject("OLD")});
            {ADD} VALUES ({_subject("NEW")});
        END""",
    "tickets_search_subject_gone": f"""
        AFTER DELETE ON tickets_ticket BEGIN
            {FORGET} VALUES ('delete', {_subject("OLD")});
        END""",
}


def build(connection: BaseDatabaseWrapper) -> None:
    """Create the index and fill it from what is there."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'")
            # A database with the locale C lowers nothing but ASCII.
            collation = ' COLLATE "und-x-icu"' if cursor.fetchone()[0] else ""
            cursor.execute(POSTGRES.format(collation=collation))
            for part in (POSTGRES_ROWS, POSTGRES_INDEXES, POSTGRES_TRIGGERS, POSTGRES_MISSED):
                cursor.execute(part)
        else:
            for statement in (SQLITE_TABLE, SQLITE_TERMS, *SQLITE_ROWS, SQLITE_MERGED):
                cursor.execute(statement)
            watch(connection)


def regroup(connection: BaseDatabaseWrapper) -> None:
    """Outside of any transaction: nobody waits for it."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT indnatts FROM pg_index WHERE indexrelid = to_regclass('tickets_search_words')")
        if cursor.fetchone() != (1,):
            return
        for statement in POSTGRES_REGROUPED:
            cursor.execute(statement)


def watch(connection: BaseDatabaseWrapper) -> None:
    """Put back the triggers SQLite lost: a migration that alters a table there makes it anew without them."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for name, does in SQLITE_TRIGGERS.items():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {does}")


def drop(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_GONE)
            return
        for name in SQLITE_TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute("DROP TABLE tickets_search_terms")
        cursor.execute("DROP TABLE tickets_search")


def forget_for_good() -> None:
    """The words of rows that are gone lie in the index of SQLite until its pieces are merged: merge them.

    PostgreSQL's vacuum does the like by itself.
    """
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(SQLITE_MERGED)


@chore
def merge_pieces() -> int:
    """Each write adds a small piece to the index of SQLite, and a search looks into all of them. How many
    merges it took; each holds the lock for a moment only.
    """
    from django.db import connection

    merges = 0
    while connection.vendor == "sqlite" and _merge_a_few(connection):
        merges += 1
    return merges


def _merge_a_few(connection: BaseDatabaseWrapper) -> bool:
    """False: there was nothing left to merge."""
    with connection.cursor() as cursor:
        before = cursor.execute("SELECT total_changes()").fetchone()[0]
        cursor.execute(SQLITE_MERGE)
        # The statement itself counts as one change (https://sqlite.org/fts5.html#the_merge_command).
        return bool(cursor.execute("SELECT total_changes()").fetchone()[0] - before >= 2)


def watch_after_migrating(sender: Any, using: str, **_: Any) -> None:
    """For `post_migrate`."""
    from django.db import connections

    connection = connections[using]
    if "tickets_search" in connection.introspection.table_names():
        watch(connection)
