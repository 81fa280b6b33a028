"""Each plant in a copy of the source of its own, and what the test said that must find it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.planting.copies import as_worker_of_this_run, copy_to, run_tests
from tests.planting.plants import Plant

WORKERS = (11, 12)  # two at once
# The everyday share of a test is enough to find a leak, also of one that CI alone runs.
EVERY_DAY = {"CI": "", "ONDEMAND_LONG": "", "PLANTED": "1"}


@dataclass(frozen=True)
class Finding:
    plant: Plant
    seconds: float
    code: int
    output: str

    @property
    def found(self) -> bool:
        """The test failed (1, and not 2 or more: it could not be run), and for the planted reason."""
        return self.code == 1 and self.plant.says in self.output

    def __str__(self) -> str:
        words = "found" if self.found else "NOT FOUND"
        return f"{words:10}{self.seconds:5.1f} s  {self.plant.name}: {self.plant.found_by}"


def without_plants(plants: Sequence[Plant], folder: Path) -> str:
    """The same tests in a copy where nothing is planted; what went wrong, empty when all pass."""
    tests = list(dict.fromkeys(plant.found_by for plant in plants))
    done = run_tests(copy_to(folder), EVERY_DAY | as_worker_of_this_run(WORKERS[0]), *tests)
    return "" if done.returncode == 0 else done.stdout[-6000:]


def planted(plants: Sequence[Plant], folder: Path) -> Iterator[Finding]:
    """In the plants' order. The servers of this test run are up, and its template is made."""
    free = SimpleQueue[int]()
    for number in WORKERS:
        free.put(number)

    def find(plant: Plant) -> Finding:
        number, begun = free.get(), time.monotonic()
        try:
            return _find(plant, folder / str(plants.index(plant)), number, begun)
        finally:
            free.put(number)

    with ThreadPoolExecutor(len(WORKERS)) as pool:
        yield from pool.map(find, plants)


def _find(plant: Plant, folder: Path, number: int, begun: float) -> Finding:
    here = copy_to(folder)
    for change in plant.changes:
        change.make(here)
    servers = {} if plant.needs_servers else as_worker_of_this_run(number)
    done = run_tests(here, EVERY_DAY | servers, plant.found_by)
    return Finding(plant, time.monotonic() - begun, done.returncode, done.stdout + done.stderr)
