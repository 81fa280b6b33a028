"""The demo as a newcomer starts it, in a copy of the clone: one zone, with its history."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ondemand.bench.running import free_ports
from ondemand.servers import ROOT, spawn
from ondemand.servers.processes import until
from tests.conftest import long_share
from tests.stranger import __main__ as stranger

PATIENCE = 400  # seconds; CI's machine is shared
PASSED_ON = ("PATH", "HOME", "LANG")


@pytest.fixture
def clone() -> Iterator[Path]:
    """Beside the tests' own places: .demo/env lies in the clone, and its state's path must be short."""
    if not long_share():
        pytest.skip("the demo's history takes a minute: set ONDEMAND_LONG=1")
    place = Path(tempfile.mkdtemp(prefix="ondemand-demo-", dir="/var/tmp"))
    place.chmod(0o711)
    ignored = shutil.ignore_patterns(".venv", ".git", ".demo", "__pycache__", ".mypy_cache", ".ruff_cache")
    yield shutil.copytree(ROOT, place / "clone", ignore=ignored)
    shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _demo(clone: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    env["ONDEMAND_STATE"] = str(clone.parent / "state")
    with (clone.parent / "out").open("wb") as out:
        command = [sys.executable, "manage.py", "demo", "--zones", "eu", *options]
        child = spawn(command, env, cwd=clone, stdout=out, stderr=subprocess.STDOUT)
    try:
        assert until(lambda: "\nREADY EU" in _said(clone), seconds=PATIENCE, while_running=child), _said(clone)[-3000:]
        yield child
    finally:
        child.kill()
        child.wait()


def _said(clone: Path) -> str:
    return (clone.parent / "out").read_text(errors="replace")


def _left(clone: Path) -> list[str]:
    """The command lines of what still runs for this demo."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line, env = ((folder / name).read_text(errors="replace") for name in ("cmdline", "environ"))
        except OSError:
            continue
        if str(clone.parent) in line + env and f"{os.getpid()}" != folder.name:
            found.append(line.replace("\0", " "))
    return found


def _settings(clone: Path) -> dict[str, str]:
    lines = (clone / ".demo" / "env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_the_demo_survives_kill_9_with_its_data_and_leaves_nothing_behind(clone: Path) -> None:
    port = f"--port={free_ports()}"
    with _demo(clone, port) as first:
        settings = _settings(clone)
        first.send_signal(signal.SIGKILL)
        assert until(lambda: not _left(clone), seconds=30), _left(clone)
    with _demo(clone, port) as second:
        assert "history   |" not in _said(clone)
        assert _settings(clone) == settings
        assert stranger.compare(clone / ".demo" / "env") == 0
        assert stranger.change_and_wait(clone / ".demo" / "env") == 0
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0
    assert _left(clone) == []
    assert not (clone / ".demo" / "env").exists()
    assert settings.keys() >= {
        "ONDEMAND_EU_URL",
        "STRIPE_API_BASE",
        "STRIPE_EU_SECRET_KEY",
        "DATABASE_OWNER_URL_EU",
        "DATABASE_URL_EU",
        "REDIS_URL",
        "MAIL_DIR",
    }
