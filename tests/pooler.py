"""Debian's PgBouncer in transaction mode, before the tests' PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connections

from ondemand import testing
from ondemand.servers.processes import spawn, until

PORT = 6432  # names the socket's file; nothing listens on it
SOCKETS = testing.postgres.sockets
CACHE = "_cache"
NO_POOLER = "No pgbouncer was found: `apt-get update && apt-get install -y pgbouncer`."
# Rate limits come through a pool of their own: a request that holds a connection asks for them.
CONFIGURATION = """
[databases]
{database} = host={sockets} pool_size={size}
{database}{cache} = host={sockets} dbname={database} pool_size=1
[pgbouncer]
unix_socket_dir = {folder}
listen_port = {port}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
query_wait_timeout = 20
"""


# What one client would leave to the next one on a connection. The settings that PgBouncer itself hands on are its own.
LEFT = """
SELECT 'role ' || current_user WHERE current_user <> session_user
UNION SELECT name || ' ' || current_setting(name, true) FROM unnest(
  ARRAY['app.partner_id', 'app.customer_id', 'app.signup_id']) name WHERE current_setting(name, true) <> ''
UNION SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name NOT IN (
  'application_name', 'client_encoding', 'DateStyle', 'standard_conforming_strings', 'TimeZone')
UNION SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
UNION SELECT 'table ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
UNION SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
UNION SELECT 'statement ' || name FROM pg_prepared_statements
UNION SELECT 'channel ' || name FROM pg_listening_channels() name"""


@dataclass(frozen=True)
class Pooler:
    """`size` connections to `database`, for any number of clients."""

    folder: Path
    database: str
    size: int

    @property
    def url(self) -> str:
        return f"postgresql:///{self.database}?host={self.folder}&port={PORT}&user=portal_app"

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.url).close()
        except psycopg2.OperationalError:
            return False
        return True

    def left(self) -> set[str]:
        """What a plain client finds of others on any of the connections, in words."""
        clients = [psycopg2.connect(self.url) for _ in range(self.size)]
        try:
            return {words for client in clients for words in _left(client)}
        finally:
            for client in clients:
                client.close()

    def held(self) -> int:
        """How many connections there are to the database."""
        with closing(psycopg2.connect(testing.postgres.url("postgres", "postgres"))) as superuser:
            cursor = superuser.cursor()
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = %s",
                [self.database],
            )
            [(count,)] = cursor.fetchall()
        return int(count)


def _left(client: Any) -> list[str]:
    """It stays in its transaction, so that the next client gets another connection."""
    cursor = client.cursor()
    cursor.execute(LEFT)
    return [words for (words,) in cursor.fetchall()]


@contextmanager
def pooling(database: str, *, size: int) -> Iterator[Pooler]:
    """Everyone's next connection goes through it, also other threads'. As root it runs as `nobody`."""
    pooler = Pooler(testing.STATE / f"pooler-{database}", database, size)
    process = _start(pooler, _program())
    try:
        with _through(pooler):
            yield pooler
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(pooler.folder)


def missing() -> str:
    return "" if _program() else NO_POOLER


def _program() -> str:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or ""


def _start(pooler: Pooler, program: str) -> subprocess.Popen[bytes]:
    user, file, log = testing.postgres.user, pooler.folder / "pgbouncer.ini", testing.STATE / "pooler.log"
    pooler.folder.mkdir(mode=0o700)
    (pooler.folder / "users").write_text('"portal_app" ""\n')
    file.write_text(
        CONFIGURATION.format(
            database=pooler.database,
            cache=CACHE,
            sockets=SOCKETS,
            size=pooler.size,
            folder=pooler.folder,
            port=PORT,
        )
    )
    if user:
        for path in (pooler.folder, *pooler.folder.iterdir()):
            os.chown(path, user["user"], user["group"])
    with log.open("wb") as out:
        process = spawn([program, str(file)], os.environ, cwd="/", stdout=out, stderr=subprocess.STDOUT, **user)
    assert until(pooler.answers, seconds=20, while_running=process), log.read_text()
    return process


@contextmanager
def _through(pooler: Pooler) -> Iterator[None]:
    before = {each.alias: dict(each.settings_dict) for each in connections.all()}
    for each in connections.all():
        each.close()
        each.settings_dict |= {"HOST": str(pooler.folder), "PORT": str(PORT)}
    connections["cache"].settings_dict["NAME"] += CACHE
    try:
        yield
    finally:
        for each in connections.all():
            each.close()
            each.settings_dict |= before[each.alias]
