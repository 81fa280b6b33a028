"""The bench's own tools; what it measures is not tested here."""

from __future__ import annotations

import os
import signal
import sys

from ondemand.bench.memory import family
from ondemand.bench.running import free_ports
from ondemand.bench.table import Measure, markdown
from ondemand.servers import spawn
from ondemand.servers.processes import port_is_taken, until


def test_what_was_measured_is_a_table() -> None:
    table = markdown([Measure("demo", "first start", "-", "20.0 s", "≤ 75 s", ok=True)])
    assert table.splitlines()[0] == "| name | what | against | measured | to reach | ok |"
    assert table.splitlines()[-1] == "| demo | first start | - | 20.0 s | ≤ 75 s | yes |"


def test_the_memory_of_children_and_their_children_is_counted() -> None:
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    child = spawn([sys.executable, "-c", nested], dict(os.environ))
    try:
        assert until(lambda: len(list(family(child.pid))) == 2, seconds=20)
        assert set(family(child.pid)) < set(family(os.getpid()))
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def test_the_benchs_demo_takes_ports_that_are_free() -> None:
    assert not port_is_taken(free_ports())
