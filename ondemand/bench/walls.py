"""What row-level security costs a request: the same rows, process and connection, with the walls and without."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice, permutations
from pathlib import Path
from statistics import median
from typing import Any

import psycopg2

from ondemand.bench.data import Size, email_of
from ondemand.bench.memory import family
from ondemand.bench.site import site
from ondemand.bench.table import Measure
from ondemand.bench.visitor import TOKEN, Visitor

MOST = 1.05
ROUNDS, REPEATED = 30, 2
WITH, WITHOUT, AGAIN = "with", "without", "without, again"
LISTS = ("/dashboard/", "/customers/", "/instances/", "/commissions/")


class Differs(Exception):
    """A page says something else without the walls: then there is nothing to compare."""


@dataclass(frozen=True)
class Took:
    """Seconds of a request: of processor time, web process and database together, and of the clock on the wall."""

    processor: float
    clock: float

    def __truediv__(self, other: Took) -> Took:
        """Ratios."""
        return Took(self.processor / other.processor, self.clock / other.clock)


Found = dict[tuple[str, str], list[Took]]  # of a page and a way, round by round


def measure() -> Iterator[Measure]:
    size = Size()
    with site(size) as place, place.web() as pid, closing(psycopg2.connect(place.owner_url)) as owner:
        owner.autocommit = True
        visitor, walls = Visitor(place.url), Walls(owner)
        visitor.sign_in(email_of(1))
        found = compare(visitor, pages(visitor), walls, pid)
    names = list(dict.fromkeys(page for page, _ in found))
    for page in names:
        yield row(page, found, [page])
    yield row(f"all of these, a partner of {size.customers[0]} among {len(size.customers)}", found, names, MOST)


def row(what: str, found: Found, names: list[str], most: float = 0) -> Measure:
    """Without a bound unless `most` gives one: of one page alone there are too few rounds."""
    without = middle([took for page in names for took in found[page, WITHOUT]])
    walled, again = (middle(ratios(found, names, way)) for way in (WITH, AGAIN))
    base = f"the same without: {1000 * without.processor:.1f} ms of processor time; that again: {again.processor:.3f}"
    measured = f"{walled.processor:.3f} (by the clock {walled.clock:.3f})"
    return Measure("walls", what, base, measured, f"≤ {most}" if most else "-", not most or walled.processor <= most)


def ratios(found: Found, names: list[str], way: str) -> list[Took]:
    """Of each page and round, to the way without walls."""
    pairs = (pair for page in names for pair in zip(found[page, way], found[page, WITHOUT], strict=True))
    return [one / other for one, other in pairs]


def middle(found: list[Took]) -> Took:
    return Took(median(took.processor for took in found), median(took.clock for took in found))


class Walls:
    """Of a throw-away database; `owner` is the connection of who may take them down."""

    def __init__(self, owner: Any) -> None:
        self.cursor = owner.cursor()
        self.tables = self._column("SELECT relname FROM pg_class WHERE relrowsecurity ORDER BY 1")

    def stand(self, standing: bool) -> None:
        verb = "ENABLE" if standing else "DISABLE"
        self.cursor.execute(";".join(f'ALTER TABLE "{name}" {verb} ROW LEVEL SECURITY' for name in self.tables))

    def backends(self) -> list[int]:
        """Which processes serve the portal."""
        return self._column("SELECT pid FROM pg_stat_activity WHERE usename = 'portal_app'")

    def _column(self, query: str) -> list[Any]:
        self.cursor.execute(query)
        return [value for (value,) in self.cursor.fetchall()]


def pages(visitor: Visitor) -> dict[str, str]:
    """Each page's name and address; of the customers one, the first in the list."""
    customer = re.search(r'href="(/customers/\d+/)"', visitor.get("/customers/"))
    assert customer, "the list shows no customer"
    return {page.strip("/"): page for page in LISTS} | {"one customer": customer[1]}


def compare(visitor: Visitor, asked: dict[str, str], walls: Walls, pid: int) -> Found:
    """Rounds of each page in all three ways, in each order in turn: what drifts meanwhile, drifts for all."""
    found: Found = defaultdict(list)
    orders = list(permutations((WITH, WITHOUT, AGAIN)))
    for order in islice(cycle(orders), ROUNDS):
        for page, path in asked.items():
            seen = set()
            for way in order:
                walls.stand(way == WITH)
                seen.add(TOKEN.sub("", visitor.get(path)))  # and warms up
                found[page, way].append(took(visitor, path, [*family(pid), *walls.backends()]))
            if len(seen) > 1:
                raise Differs(path)
    return found


def took(visitor: Visitor, path: str, processes: list[int]) -> Took:
    used, began = processor(processes), time.perf_counter()
    for _ in range(REPEATED):
        visitor.get(path)
    clock = time.perf_counter() - began
    return Took((processor(processes) - used) / REPEATED, clock / REPEATED)


def processor(processes: list[int]) -> float:
    """Seconds that all their threads have run; unlike the clock's, hardly more on a busy machine."""
    threads = (thread for pid in processes for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
