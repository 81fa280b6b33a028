"""Makes .venv from the locked requirements and runs manage.py again inside it. Standard library only.

An active virtual environment (a developer's own, a container's) is left alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
WITH_TESTS = ["run", "test", "browser"]
# The lock is complete, so pip need not resolve; wheels alone, so nothing is built; Python makes the bytecode.
PIP = [
    "-m",
    "pip",
    "install",
    "-qq",
    "--disable-pip-version-check",
    "--no-input",
    "--require-hashes",
    "--no-deps",
    "--only-binary",
    ":all:",
    "--no-compile",
]


def ensure(argv: list[str]) -> None:
    """Return inside a virtual environment that has what the command needs; else make it and start anew."""
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if sys.prefix != sys.base_prefix and not inside:
        return
    if sys.version_info < OLDEST:
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}.")
    with alone():
        if not works():
            make_venv()
        install(WITH_TESTS if argv[1:2] in (["test"], ["quality"]) else ["run"])
    if not inside:
        os.execv(PYTHON, [str(PYTHON), *argv])


@contextmanager
def alone() -> Iterator[None]:
    """Two commands that start at the same time make one .venv."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        flock(folder, LOCK_EX)
        yield
    finally:
        os.close(folder)


def works() -> bool:
    """False too where the Python that .venv was made from has gone."""
    return PYTHON.exists() and (VENV / "pip-works").exists()


def make_venv() -> None:
    say("making .venv")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit(f"{made.stdout}{made.stderr}\nCould not make .venv. On Debian or Ubuntu: apt-get install python3-venv")
    (VENV / "pip-works").touch()


def install(names: list[str]) -> None:
    """Install the requirements files that changed since they were last installed; remove nothing."""
    files = {name: ROOT / "requirements" / f"{name}.txt" for name in names}
    stale = {name: stamp for name, file in files.items() if not (stamp := stamp_of(file)).exists()}
    if not stale:
        return
    say(f"installing requirements: {', '.join(stale)}")
    with TemporaryDirectory() as folder:
        parts = [Path(folder) / "a-to-d.txt", Path(folder) / "e-to-z.txt"]
        for part, text in zip(parts, halves([files[name].read_text() for name in stale]), strict=True):
            part.write_text(text)
        pips = [subprocess.Popen([str(PYTHON), *PIP, "-r", str(part)]) for part in parts]
        codes = [pip.wait() for pip in pips]
        if any(codes):
            sys.exit("Could not install the requirements; pip's message is above. Run the command again to retry.")
    for name, stamp in stale.items():
        for old in VENV.glob(f"{name}.*.installed"):
            old.unlink()
        stamp.touch()


def halves(texts: list[str]) -> tuple[str, str]:
    """For two pips at a time, as much of it is waiting; split by name, so that both never have the same package."""
    blocks = [block for text in texts for block in re.split(r"\n(?=\S)", text)]
    early = [block for block in blocks if block < "e"]
    return "\n".join(early), "\n".join(block for block in blocks if block not in early)


def stamp_of(file: Path) -> Path:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return VENV / f"{file.stem}.{digest}.installed"


def say(text: str) -> None:
    print(f"bootstrap: {text}", flush=True)
