"""A demo of the bench's own, beside any other: its own data, its own ports."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ondemand.servers import ROOT, spawn
from ondemand.servers.processes import port_is_taken, until
from ondemand.supervisor.zones import NUMBERS, STANDIN_PORTS

LONGEST = 900  # seconds to READY; a cold cache of packages is no failure
OURS = ("ONDEMAND_", "STRIPE_", "PARK_", "DATABASE_", "REDIS_", "DJANGO_", "VIRTUAL_ENV", "PYTHON")


class DidNotStart(Exception):
    """The demo ended, or took too long; the message is the end of its output."""


@dataclass(frozen=True)
class Started:
    """`seconds` from the start of the command to its READY line; `pid` is the supervisor's."""

    pid: int
    seconds: float
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


@dataclass(frozen=True)
class Bench:
    """Where a demo is started from, and where it keeps its data."""

    clone: Path
    state: Path
    python: str
    port: int

    @contextmanager
    def demo(self, *zones: str) -> Iterator[Started]:
        log = self.state / "bench.log"
        command = [self.python, "manage.py", "demo", "--port", str(self.port), "--zones", *zones]
        with log.open("wb") as out:
            began = time.monotonic()
            process = spawn(command, self._env(), cwd=self.clone, stdout=out, stderr=subprocess.STDOUT)
        try:
            ready = until(lambda: b"\nREADY " in log.read_bytes(), seconds=LONGEST, while_running=process)
            if not ready:
                raise DidNotStart(log.read_text(errors="replace")[-2000:])
            yield Started(process.pid, time.monotonic() - began, self.port, log)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)

    def _env(self) -> dict[str, str]:
        return clean_environment() | {"ONDEMAND_STATE": str(self.state)}


def clean_environment() -> dict[str, str]:
    """Ours, without what would lead to a database, a broker or a Stripe that someone has at hand."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


@contextmanager
def bench(clone: Path = ROOT, python: str = "python3") -> Iterator[Bench]:
    """Its data goes afterwards."""
    state = Path(tempfile.mkdtemp(prefix="ondemand-bench-", dir="/var/tmp"))
    try:
        yield Bench(clone, state, python, free_ports())
    finally:
        shutil.rmtree(state, ignore_errors=True)


@contextmanager
def fresh_clone() -> Iterator[Path]:
    """Of what is committed, beside this one."""
    folder = Path(tempfile.mkdtemp(prefix="ondemand-bench-", dir=ROOT.parent))
    try:
        subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_ports() -> int:
    """The first of the ports that a demo takes."""
    while True:
        port = random.randrange(20_000, 30_000)
        needed = [port, port + 1, *range(port + STANDIN_PORTS, port + STANDIN_PORTS + 1 + len(NUMBERS))]
        if not any(map(port_is_taken, needed)):
            return port
