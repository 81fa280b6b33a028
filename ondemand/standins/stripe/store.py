"""One SQLite file: objects by account, answers by idempotency key, deliveries, each account's clock."""

from __future__ import annotations

import sqlite3
import threading
import time

BURIED = "deleted "  # before the kind of what was deleted and is still found by its id
SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (key TEXT PRIMARY KEY, offset INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS objects (n INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    created INTEGER NOT NULL, timeline TEXT NOT NULL, due INTEGER, body TEXT NOT NULL, UNIQUE (account, kind, id));
CREATE INDEX IF NOT EXISTS by_id ON objects (id);
CREATE INDEX IF NOT EXISTS by_kind ON objects (account, kind, n);
CREATE INDEX IF NOT EXISTS by_due ON objects (timeline, due, n) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_customer ON objects (account, kind, json_extract(body, '$.customer'));
CREATE INDEX IF NOT EXISTS by_invoice ON objects (account, kind, json_extract(body, '$.invoice'));
CREATE INDEX IF NOT EXISTS by_charge ON objects (account, kind, json_extract(body, '$.charge'));
CREATE INDEX IF NOT EXISTS by_source ON objects (account, kind, json_extract(body, '$.source'));
CREATE INDEX IF NOT EXISTS by_intent ON objects (account, kind, json_extract(body, '$.payment.payment_intent'));
CREATE INDEX IF NOT EXISTS by_parent ON objects
    (account, kind, json_extract(body, '$.parent.subscription_details.subscription'));
CREATE TABLE IF NOT EXISTS answers (account TEXT, key TEXT, at INTEGER, request TEXT, status INTEGER, body TEXT,
    request_id TEXT, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS deliveries (n INTEGER PRIMARY KEY, owner TEXT, event TEXT, account TEXT, endpoint TEXT,
    tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, done INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS by_delivery ON deliveries (endpoint, due) WHERE NOT done;
"""


class Store:
    """The process's one connection. Whoever holds the lock may use it; transactions are opened by hand."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
        self.lock = threading.RLock()
        self.offsets: dict[str, int] = dict(self.db.execute("SELECT key, offset FROM accounts"))
        self.base = ""  # http://127.0.0.1:<port>, once bound

    def open_account(self, key: str) -> None:
        if key not in self.offsets:
            self.db.execute("INSERT INTO accounts (key) VALUES (?)", (key,))
            self.offsets[key] = 0

    def now(self, key: str) -> int:
        return int(time.time()) + self.offsets[key]

    def set_offset(self, key: str, offset: int) -> None:
        self.db.execute("UPDATE accounts SET offset = ? WHERE key = ?", (offset, key))
        self.offsets[key] = offset

    def owner(self, id: str) -> str | None:
        """Whose object this is: the hosted pages carry no key."""
        row = self.db.execute("SELECT account FROM objects WHERE id = ?", (id,)).fetchone()
        return str(row[0]) if row else None

    def waiting(self) -> list[str]:
        """The accounts for which something has fallen due."""
        rows = self.db.execute(
            "SELECT key FROM accounts WHERE EXISTS (SELECT 1 FROM objects WHERE timeline = key AND due <= ? + offset)",
            (int(time.time()),),
        )
        return [key for (key,) in rows]
