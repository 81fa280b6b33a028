"""Real processes for tests: started, waited for by their READY line, and ended with the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ondemand.servers import spawn


@contextmanager
def process(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """A Python process (`-m`, a module, its options); yields what its READY line says, and kills it at the end."""
    child = spawn([sys.executable, *arguments], {**os.environ, **(env or {})}, stdout=subprocess.PIPE)
    assert child.stdout
    try:
        first = child.stdout.readline().decode()
        assert first.startswith("READY"), f"{arguments} said {first!r}"
        yield first.removeprefix("READY").strip()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
