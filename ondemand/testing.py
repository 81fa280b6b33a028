"""Pytest plugin: throw-away PostgreSQL and Valkey. Loaded with `-p`, before pytest-django reads the settings.

The addresses are in os.environ from the import on, whatever was there before: tests never meet a database
that someone has at hand. With pytest-xdist the first process runs the servers; each worker has a database and
a Redis number of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

import pytest

from ondemand.servers import Postgres, Valkey

PLACE, PREFIX = Path("/var/tmp"), f"ondemand-test-{os.getuid()}-"
TEMPLATE = "portal_template"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
DATABASE = f"portal_test_{WORKER or 'main'}"
NUMBER = int(WORKER.removeprefix("gw") or 0) + 1 if WORKER else 0
SETTINGS_KEPT = ("ONDEMAND_LONG", "ONDEMAND_STATE")
SETTINGS_DROPPED = (
    "ONDEMAND_",
    "STRIPE_",
    "PARK_",
    "EMAIL_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "HEARTBEAT_",
    "DATABASE_",
)

_running: list[tuple[subprocess.Popen[bytes], int]] = []
_locks: list[IO[str]] = []


def _state() -> Path:
    if WORKER:
        return Path(os.environ["ONDEMAND_TEST_STATE"])
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=PLACE))


STATE = _state()
postgres, valkey = Postgres(STATE, durable=False), Valkey(STATE)


def _environment() -> dict[str, str]:
    return {
        "ONDEMAND_ENV": "test",
        "ONDEMAND_TEST_STATE": str(STATE),
        "DATABASE_URL": postgres.url(DATABASE, "portal_app"),
        "DATABASE_OWNER_URL": postgres.url(DATABASE, "portal_owner"),
        "REDIS_URL": valkey.url(NUMBER),
        "STRIPE_API_BASE": "http://127.0.0.1:9",  # a test that needs the stand-in starts one and says so
    }


for _name in [name for name in os.environ if name.startswith(SETTINGS_DROPPED) and name not in SETTINGS_KEPT]:
    del os.environ[_name]
os.environ.update(_environment())


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Only one of the test processes at a time."""
    with (STATE / name).open("w") as lock:
        flock(lock, LOCK_EX)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    if WORKER:
        return
    _sweep()
    _locks.append((STATE / "alive").open("w"))
    flock(_locks[0], LOCK_EX)
    for server in (postgres, valkey):
        _running.append((server.start(), server.stop_signal))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    for process, stop_signal in reversed(_running):
        process.send_signal(stop_signal)
        process.wait(15)
    if not WORKER:
        shutil.rmtree(STATE, ignore_errors=True)


def _sweep() -> None:
    """Remove what test runs that were killed have left; their servers ended with them."""
    for folder in PLACE.glob(f"{PREFIX}*"):
        if folder != STATE and (folder / "alive").exists():
            with (folder / "alive").open() as lock:
                try:
                    flock(lock, LOCK_EX | LOCK_NB)
                except OSError:
                    continue
            shutil.rmtree(folder, ignore_errors=True)
