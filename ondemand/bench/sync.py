"""A burst of events at Stripe until rows and commissions are here: the time grows in proportion, nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from ondemand.bench.data import Size
from ondemand.bench.site import Site, site
from ondemand.bench.table import Measure
from ondemand.servers import ROOT, spawn

FEW, MANY = 200, 2000  # events
ROUNDS = 5
MOST = 1.4  # times as long for each event: below that a difference is none on a noisy machine
KEY = "sk_test_bench"


class Failed(Exception):
    """The command of the burst did not end well; the message is what it said."""


@dataclass(frozen=True)
class Took:
    """What the hidden command prints of one burst."""

    events: int
    seconds: float
    lost: int

    @property
    def each(self) -> float:
        """Milliseconds."""
        return 1000 * self.seconds / self.events


def measure() -> Iterator[Measure]:
    with site(Size((MANY // 4,), months=1)) as place, stripe(place) as base:
        sizes = [size for n in range(ROUNDS) for size in ((FEW, MANY) if n % 2 else (MANY, FEW))]
        found = [burst(place, base, size) for size in sizes]
    few, many = ([took for took, size in zip(found, sizes, strict=True) if size == each] for each in (FEW, MANY))
    ratios = [one.each / other.each for one, other in zip(many, few, strict=True)]
    lost = sum(took.lost for took in found)
    yield Measure(
        "sync",
        f"a burst of {median(took.events for took in many):.0f} events to rows and commissions: "
        f"{median(took.each for took in many):.1f} ms an event",
        f"one of {median(took.events for took in few):.0f}: {median(took.each for took in few):.1f} ms",
        f"{median(ratios):.2f}, {lost} lost",
        f"≤ {MOST}, 0 lost",
        median(ratios) <= MOST and not lost,
    )


@contextmanager
def stripe(place: Site) -> Iterator[str]:
    """The stand-in's address."""
    file = place.state / "stripe.sqlite3"
    command = [sys.executable, "-m", "ondemand.standins.stripe", "--port", "0", "--file", str(file)]
    process = spawn(command, place.env, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        yield process.stdout.readline().decode().removeprefix("READY ").strip()
    finally:
        process.kill()
        process.wait()


def burst(place: Site, base: str, size: int) -> Took:
    env = place.env | {"STRIPE_API_BASE": base, "STRIPE_SECRET_KEY": KEY}
    command = [sys.executable, "manage.py", "bench_burst", str(size)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stderr[-2000:])
    return Took(**json.loads(done.stdout.splitlines()[-1]))
