"""What one zone takes when it is used: every process from the supervisor down, stand-ins too."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ondemand.bench.running import Started, bench
from ondemand.bench.table import Measure
from ondemand.bench.visitor import Visitor

MOST, GROWTH = 600, 5  # MB, per cent
WARM, ALL = 100, 1000
PAUSE, LONGEST = 30, 180  # seconds; the workers sweep every 30
PAGES = (
    "/dashboard/",
    "/customers/",
    "/customers/?q=an&sort=-invoiced",
    "/instances/",
    "/instances/?sort=-users",
    "/commissions/",
    "/commissions/?state=payable&sort=-amount",
    "/payments/",
    "/sign-up-pages/",
    "/signup/iberia-retail/",
)
DETAILS = ("customers", "instances", "commissions", "payments")


def measure() -> Iterator[Measure]:
    with bench() as place, place.demo("eu") as started:
        visitor = Visitor(started.url)
        visitor.sign_in("owner@iberia.example")
        pages = [*PAGES, *details(visitor)]
        settle(started)
        walk(visitor, pages, WARM)
        early = megabytes(started)
        walk(visitor, pages, ALL - WARM)
        late = megabytes(started)
    growth = 100 * (late - early) / early
    ok = late <= MOST
    yield Measure("memory", f"one zone in all after {ALL} requests", "-", f"{late:.0f} MB", f"≤ {MOST} MB", ok)
    yield Measure(
        "memory",
        f"the same after {ALL} requests",
        f"after {WARM}: {early:.0f} MB",
        f"{growth:+.1f} %",
        f"≤ {GROWTH} %",
        growth <= GROWTH,
    )


def details(visitor: Visitor) -> list[str]:
    """The first row of each list."""
    found = (re.search(rf'href="(/{name}/\d+/)"', visitor.get(f"/{name}/")) for name in DETAILS)
    return [match[1] for match in found if match]


def walk(visitor: Visitor, pages: list[str], count: int) -> None:
    for number in range(count):
        visitor.get(pages[number % len(pages)])


def settle(started: Started) -> None:
    """The workers start after READY, and load what their first sweeps need. Not after the requests: the web process
    gives up connections that were idle for a minute, and a new one to PostgreSQL is small."""
    before, now = 0.0, megabytes(started)
    end = time.monotonic() + LONGEST
    while abs(now - before) > now / 100 and time.monotonic() < end:
        time.sleep(PAUSE)
        before, now = now, megabytes(started)


def megabytes(started: Started) -> float:
    """Shared pages are counted once (PSS); of processes whose PSS we may not read, all that is resident (RSS)."""
    return sum(_kilobytes(pid) for pid in family(started.pid)) / 1024


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it; some may end meanwhile."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                yield from family(int(child))


def _kilobytes(pid: int) -> int:
    for name, label in (("smaps_rollup", "Pss"), ("status", "VmRSS")):
        try:
            found = re.search(rf"^{label}:\s+(\d+) kB", Path(f"/proc/{pid}/{name}").read_text(), re.MULTILINE)
        except OSError:
            continue
        if found:
            return int(found[1])
    return 0
