"""A copy of the source that may be changed, and this project's tests run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ondemand import testing

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (".*", "pictures", "*.png", "standins", "demo", "browser")
SECONDS = 900


def copy_to(folder: Path) -> Path:
    """Without what the tests of the walls do not touch: pictures, stand-ins' tests."""
    here = folder / "source"
    shutil.copytree(ROOT, here, ignore=_left_out)
    return here


def _left_out(folder: str, names: list[str]) -> set[str]:
    kept = {"demo", "standins"} if Path(folder).name == "ondemand" else set()
    return shutil.ignore_patterns(*LEFT_OUT)(folder, names) - kept


def as_worker_of_this_run(number: int) -> dict[str, str]:
    """On the servers that run already, as one more worker: a database and a Redis number of its own."""
    return {"PYTEST_XDIST_WORKER": f"gw{number}", "ONDEMAND_TEST_STATE": str(testing.STATE)}


def run_tests(here: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The copy's pytest. Unless `environment` makes it a worker, it starts servers of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", *arguments]
    return subprocess.run(
        command,
        cwd=here,
        env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
