"""A copy of the source that may be changed, and this project's tests run in it on the servers that run already."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ondemand import testing

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (".*", "__pycache__", "pictures", "*.png", "standins", "demo", "browser")
SECONDS = 400


def copy_to(folder: Path) -> Path:
    """Without what the tests of the walls do not touch: pictures, stand-ins' tests, caches."""
    here = folder / "source"
    shutil.copytree(ROOT, here, ignore=_left_out)
    return here


def _left_out(folder: str, names: list[str]) -> set[str]:
    kept = {"demo", "standins"} if Path(folder).name == "ondemand" else set()
    return shutil.ignore_patterns(*LEFT_OUT)(folder, names) - kept


def run_tests(here: Path, number: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As one more worker of this test run: a database and a Redis number of its own."""
    environment = os.environ | {
        "PYTEST_XDIST_WORKER": f"gw{number}",
        "ONDEMAND_TEST_STATE": str(testing.STATE),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", *arguments]
    return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=SECONDS)
