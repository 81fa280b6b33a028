"""Runs the whole product on this machine: the servers, then a web process and a worker for each zone."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from ondemand.servers import ROOT, Postgres, Valkey, spawn, state_dir

ENV_FILE = ROOT / ".demo" / "env"
STARTED = time.monotonic()


@dataclass
class Child:
    """A process that is started again when it dies."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    stop_signal: int = signal.SIGTERM
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=5))

    def start(self) -> None:
        self.process = self.launch()
        if self.process.stdout:
            threading.Thread(target=self._copy_log, args=[self.process.stdout], daemon=True).start()

    def _copy_log(self, lines: Any) -> None:
        for line in lines:
            print(f"{self.name:10}| {line.decode(errors='replace')}", end="", flush=True)

    def revive(self) -> None:
        """Start it again if it died; give up when it died five times within a minute."""
        if self.process.poll() is None:
            return
        self.deaths.append(time.monotonic())
        say(f"{self.name} died (exit {self.process.returncode})")
        if len(self.deaths) == 5 and self.deaths[-1] - self.deaths[0] < 60:
            raise CommandError(f"{self.name} died five times within a minute")
        self.start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


@dataclass(frozen=True)
class Zone:
    name: str
    port: int
    database: str
    env: dict[str, str]  # of its processes

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def child(self, kind: str, *command: str) -> Child:
        def launch() -> subprocess.Popen[bytes]:
            return spawn(
                [sys.executable, "-m", *command], self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )

        return Child(f"{kind}-{self.name.lower()}", launch)

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


class Command(BaseCommand):
    help = "Run the product with its database, broker and workers; Ctrl-C ends it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--zones", nargs="+", default=["eu", "us"], choices=["eu", "us"])
        parser.add_argument("--port", type=int, default=8000, help="of the first zone; the next has the next")
        parser.add_argument("--reset", action="store_true", help="begin with an empty database")

    def handle(self, *, zones: list[str], port: int, reset: bool, **options: Any) -> None:
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
        ):  # a shell that starts us in the background has SIGINT ignored
            signal.signal(number, signal.default_int_handler)
        state = state_dir()
        state.mkdir(parents=True, exist_ok=True)
        with (state / "lock").open("w") as lock:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except OSError:
                raise CommandError("this clone's demo is already running") from None
            if reset:
                shutil.rmtree(state / "pg", ignore_errors=True)
            children: list[Child] = []
            try:
                self.run(Postgres(state), Valkey(state), zones, port, children)
            except KeyboardInterrupt:
                say("stopping")
            finally:
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)
                ENV_FILE.unlink(missing_ok=True)
                for child in reversed(children):
                    child.stop()
                say("stopped")

    def run(
        self, postgres: Postgres, valkey: Valkey, names: list[str], port: int, children: list[Child]
    ) -> None:
        def add(*more: Child) -> None:
            for child in more:
                child.start()
                children.append(child)

        add(Child("postgres", postgres.start, postgres.stop_signal), Child("valkey", valkey.start))
        zones = [zone(name, index, port + index, postgres, valkey) for index, name in enumerate(names)]
        say("servers up")
        prepare(postgres, zones)
        say("databases ready")
        add(
            *(
                zone.child(
                    "web",
                    "gunicorn",
                    "ondemand.wsgi",
                    "--bind",
                    f"127.0.0.1:{zone.port}",
                    "--worker-class",
                    "gthread",
                    "--threads",
                    "4",
                    "--no-control-socket",
                )
                for zone in zones
            )
        )
        while not all(zone.answers() for zone in zones):
            revive(children)
        write_env(zones)
        print("READY " + " ".join(f"{zone.name} {zone.url}" for zone in zones), flush=True)
        # After READY: two cores import one thing at a time, and what a page queues meanwhile waits in Valkey.
        add(
            *(
                zone.child(
                    "worker",
                    "celery",
                    "-A",
                    "ondemand",
                    "worker",
                    "-B",
                    "--schedule",
                    str(postgres.state / f"beat-{zone.name}"),
                    "--pool",
                    "threads",
                    "--concurrency",
                    "2",
                    "--without-gossip",
                    "--without-mingle",
                    "--loglevel",
                    "WARNING",
                )
                for zone in zones
            )
        )
        while True:
            revive(children)


def revive(children: list[Child]) -> None:
    for child in children:
        child.revive()
    time.sleep(0.1)


def write_env(zones: list[Zone]) -> None:
    """What a client of the running demo needs to know."""
    ENV_FILE.parent.mkdir(exist_ok=True)
    ENV_FILE.write_text("".join(f"ONDEMAND_{zone.name}_URL={zone.url}\n" for zone in zones))


def zone(name: str, number: int, port: int, postgres: Postgres, valkey: Valkey) -> Zone:
    database = f"portal_{name}"
    settings = {
        "ONDEMAND_ENV": "demo",
        "ONDEMAND_ZONE": name.upper(),
        "DATABASE_URL": postgres.url(database, "portal_owner"),
        "REDIS_URL": valkey.url(number),
        "PYTHONUNBUFFERED": "1",
    }
    return Zone(name.upper(), port, database, os.environ | settings)


def prepare(postgres: Postgres, zones: list[Zone]) -> None:
    """Migrate the zones' databases at the same time: about as quick as to migrate one and copy it, and simpler."""
    for zone in zones:
        postgres.create_database(zone.database)
    running = [
        spawn([sys.executable, "manage.py", "migrate", "--verbosity", "0"], zone.env) for zone in zones
    ]
    codes = [process.wait() for process in running]
    if any(codes):
        raise CommandError("migrating failed: see above")


def say(text: str) -> None:
    print(f"demo      | {time.monotonic() - STARTED:.1f} s {text}", flush=True)
