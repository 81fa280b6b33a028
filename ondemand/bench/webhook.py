"""Events stored a second, signed, each answered after its COMMIT; and a burst of them."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from statistics import median

import psycopg2

from ondemand.bench.data import Size
from ondemand.bench.ringing import SECRET, event, request, ring_all
from ondemand.bench.site import Site, site
from ondemand.bench.table import Measure
from ondemand.servers import Valkey
from ondemand.servers.processes import free_port

WORKERS, BELLS = 2, 4
ROUNDS, EVENTS = 9, 300  # each of these in every round
OF_RAW, OF_PGBENCH = 0.8, 0.15
BURST, SECONDS = 200, 10
OURS, RAW, PGBENCH = "ours", "raw", "pgbench"
EXISTS = "SELECT count(*) FROM ondemand_stripeevent WHERE id = ANY (%s)"
_numbers = count(1)


def measure() -> Iterator[Measure]:
    with site(Size((1,), months=1), durable=True) as place, broker(place) as redis_url:
        settings = {"STRIPE_WEBHOOK_SECRET": SECRET, "REDIS_URL": redis_url}
        raw = replace(place, port=free_port())
        with place.web(workers=WORKERS, **settings):
            with raw.web("ondemand.bench.raw:application", workers=WORKERS, **settings):
                rates = compare(place, raw)
            yield against(rates, RAW, "the same by hand-written SQL", OF_RAW)
            yield against(rates, PGBENCH, "pgbench inserting the same rows", OF_PGBENCH)
            yield burst(place)


@contextmanager
def broker(place: Site) -> Iterator[str]:
    """Its address."""
    valkey = Valkey(place.state)
    process = valkey.start()
    try:
        yield valkey.url(0)
    finally:
        process.send_signal(valkey.stop_signal)
        process.wait(10)


def compare(place: Site, raw: Site) -> dict[str, list[float]]:
    """Events a second of each way, round by round, in turning order; the first round warms up and does not count."""
    ways = {OURS: lambda: rate(place), RAW: lambda: rate(raw), PGBENCH: lambda: pgbench(place)}
    found: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(ROUNDS + 1):
        for way in list(ways)[number % 3 :] + list(ways)[: number % 3]:
            found[way].append(ways[way]())
    return {way: rates[1:] for way, rates in found.items()}


def rate(place: Site) -> float:
    events = fresh(EVENTS)
    began = time.perf_counter()
    ring_all(place.port, events, bells=BELLS)
    return EVENTS / (time.perf_counter() - began)


def fresh(many: int) -> dict[str, bytes]:
    """Events that nobody rang yet, by their ids."""
    return {id: request(id) for id in (f"evt_bench{next(_numbers):012}" for _ in range(many))}


def pgbench(place: Site) -> float:
    """Inserts a second, each a transaction, over as many connections as the portal has."""
    script = place.state / "insert.sql"
    payload = event("evt_pgbench").replace("'", "''")
    script.write_text(
        "INSERT INTO ondemand_stripeevent (id, account, type, object_kind, object_id, created, received_at, polled,"
        " payload, state, tries, next_try_at, error, reason) VALUES (gen_random_uuid()::text, '', 'invoice.paid',"
        f" 'invoice', gen_random_uuid()::text, now(), now(), false, '{payload}', 'waiting', 0, now(), '', '')"
        " ON CONFLICT DO NOTHING;\n"
    )
    script.chmod(0o644)
    command = [str(place.postgres.bin / "pgbench"), "-n", "-c", str(WORKERS), "-t", str(EVENTS // WORKERS)]
    address = place.postgres.url(place.database, "postgres")
    said = subprocess.run([*command, "-f", str(script), address], capture_output=True, text=True, check=True).stdout
    [found] = re.findall(r"^tps = ([\d.]+)", said, re.MULTILINE)
    return float(found)


def against(rates: dict[str, list[float]], way: str, what: str, least: float) -> Measure:
    ratio = median(ours / other for ours, other in zip(rates[OURS], rates[way], strict=True))
    return Measure(
        "webhook",
        f"events stored a second, {WORKERS} workers, signed, answered after COMMIT: {median(rates[OURS]):.0f}",
        f"{what}: {median(rates[way]):.0f}",
        f"{ratio:.2f}",
        f"≥ {least}",
        ratio >= least,
    )


def burst(place: Site) -> Measure:
    """Of each event that is answered the row is asked for at once, over another connection."""
    events, early, lock = fresh(BURST * SECONDS), list[str](), threading.Lock()
    ids = list(events)
    with closing(psycopg2.connect(place.owner_url)) as owner:
        owner.autocommit = True
        cursor = owner.cursor()

        def stored(chosen: list[str]) -> int:
            with lock:
                cursor.execute(EXISTS, [chosen])
                [[number]] = cursor.fetchall()
                return int(number)

        def committed(id: str) -> None:
            if not stored([id]):
                early.append(id)

        began = time.perf_counter()
        bells = ring_all(place.port, events, bells=8, per_second=BURST, done=committed)
        seconds, kept = time.perf_counter() - began, stored(ids)
    took = [each for bell in bells for each in bell.took]
    return Measure(
        "webhook",
        f"a burst of {BURST} events a second for {SECONDS} s, taken in {seconds:.1f} s",
        f"an answer: {1000 * median(took):.0f} ms, the slowest {1000 * max(took):.0f} ms",
        f"{len(ids) - kept} lost, {len(early)} answered before COMMIT",
        "0 and 0",
        kept == len(ids) and not early,
    )
