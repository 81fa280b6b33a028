"""How long a newcomer waits: the first start of a fresh clone, and later ones."""

from __future__ import annotations

from collections.abc import Iterator
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

from ondemand.bench.running import bench, fresh_clone
from ondemand.bench.table import Measure

FIRST, LATER, ROUNDS = 75, 12, 3
ZONES = ("eu", "us")


def measure() -> Iterator[Measure]:
    with fresh_clone() as clone, bench(clone) as place:
        before = _processor()
        with place.demo(*ZONES) as started:
            first = started.seconds
        used = _processor() - before
        yield Measure(
            "demo",
            "first start of a fresh clone to READY, both zones with their year; package cache warm",
            "-",
            f"{first:.1f} s ({used:.0f} s of processor time)",
            f"≤ {FIRST} s",
            first <= FIRST,
        )
        later = []
        for _ in range(ROUNDS):
            with place.demo(*ZONES) as started:
                later.append(started.seconds)
    yield Measure(
        "demo",
        f"later starts, both zones; the median of {ROUNDS}",
        "-",
        f"{median(later):.1f} s",
        f"≤ {LATER} s",
        median(later) <= LATER,
    )


def _processor() -> float:
    """Seconds that all children used, once they have ended: it tells a slow machine from a busy one."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
