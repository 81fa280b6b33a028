"""Everything that is known: the rows of all tables, and what Stripe's stand-in keeps."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg2
from django.db import connection

from ondemand import testing

NOT_THE_DOMAIN = {"django_cache", "django_session", "django_migrations"}
# Columns that say when somebody looked, and nothing of what is the case.
LOOKED_AT = {
    "next_try_at": "a pause before the next look",
    "secret_hash": "each answer to the form gives the browser a ticket of its own",
    "last_heartbeat_at": "that the instance is alive",
    "received_at": "when a reading was last repeated",
}
TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"""
FOR_ONE_VISIT = "_link"


def rows() -> set[str]:
    """Every row of this test's database as text, as the superuser sees it."""
    with closing(psycopg2.connect(testing.postgres.url(connection.settings_dict["NAME"], "postgres"))) as superuser:
        cursor = superuser.cursor()
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall() if name not in NOT_THE_DOMAIN]
        each = [f"""SELECT '{name}: ' || (to_jsonb(t) - %(ignored)s)::text FROM "{name}" t""" for name in tables]
        cursor.execute(" UNION ALL ".join(each), {"ignored": list(LOOKED_AT)})
        return {row for (row,) in cursor.fetchall()}


def objects(standin: Path) -> set[str]:
    """Every object in the file of Stripe's stand-in; a repetition under its key makes and changes none."""
    with closing(sqlite3.connect(f"file:{standin}?mode=ro", uri=True)) as file:
        found = file.execute("SELECT kind, id, body FROM objects WHERE kind <> ?", (FOR_ONE_VISIT,))
        return {" ".join(each) for each in found}
