"""The portal's web process on a throw-away database with data; no workers, no stand-ins."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import requests
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from ondemand.bench.data import Size, fill
from ondemand.bench.running import DidNotStart, clean_environment
from ondemand.servers import ROOT, Postgres, spawn
from ondemand.servers.processes import free_port, until
from ondemand.supervisor.announcement import PASSWORD

DATABASE = "bench"
PATIENCE = 120  # seconds


@dataclass(frozen=True)
class Site:
    """Each process has one thread, so one connection to the database."""

    state: Path
    postgres: Postgres
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def database(self) -> str:
        return DATABASE

    @property
    def owner_url(self) -> str:
        return self.postgres.url(DATABASE, "portal_owner")

    @property
    def env(self) -> dict[str, str]:
        return clean_environment() | {
            "ONDEMAND_ENV": "demo",
            "ONDEMAND_URL": self.url,
            "DATABASE_URL": self.postgres.url(DATABASE, "portal_app"),
            "DATABASE_OWNER_URL": self.owner_url,
        }

    def prepare(self, size: Size) -> None:
        """Keys are not checked one by one here: a test does it, with few rows."""
        self.postgres.create_database(DATABASE)
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
        subprocess.run(command, env=self.env, cwd=ROOT, check=True)
        password = PBKDF2PasswordHasher().encode(PASSWORD, "bench")
        with closing(psycopg2.connect(self.postgres.url(DATABASE, "postgres"))) as superuser:
            superuser.autocommit = True
            cursor = superuser.cursor()
            cursor.execute("SET session_replication_role = replica")
            fill(cursor, size, password=password, now=datetime.now(UTC))
            cursor.execute("VACUUM ANALYZE")

    @contextmanager
    def web(self, application: str = "ondemand.wsgi", *, workers: int = 1, **more: str) -> Iterator[int]:
        """Its process id, once it answers. `more`: settings."""
        log = self.state / f"web-{self.port}.log"
        conf = ["-c", "ondemand/gunicorn_conf.py", "--threads", "1", "-b", f"127.0.0.1:{self.port}"]
        env = self.env | {"WEB_CONCURRENCY": str(workers)} | more
        with log.open("wb") as out:
            command = [sys.executable, "-m", "gunicorn", *conf, application]
            process = spawn(command, env, stdout=out, stderr=subprocess.STDOUT)
        try:
            if not until(self._answers, seconds=PATIENCE, while_running=process):
                raise DidNotStart(log.read_text(errors="replace")[-2000:])
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False


@contextmanager
def site(size: Size, *, durable: bool = False) -> Iterator[Site]:
    """Its data goes afterwards. `durable`: a COMMIT waits for the disk, as in production."""
    state = Path(tempfile.mkdtemp(prefix="ondemand-bench-", dir="/var/tmp"))
    postgres = Postgres(state, durable=durable)
    server = postgres.start()
    try:
        made = Site(state, postgres, free_port())
        made.prepare(size)
        yield made
    finally:
        server.send_signal(postgres.stop_signal)
        server.wait(60)
        shutil.rmtree(state, ignore_errors=True)
