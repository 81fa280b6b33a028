"""The bench's own tools; what it measures is not tested here."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing

import psycopg2
from django.db import connection
from django.db.models import Sum

from commissions.models import Commission
from customers.models import Customer, Invoice, InvoiceLine
from ondemand import clock, testing
from ondemand.bench.data import Size, fill
from ondemand.bench.memory import family
from ondemand.bench.running import free_ports
from ondemand.bench.table import Measure, markdown
from ondemand.bench.walls import AGAIN, WITH, WITHOUT, Took, Walls, row
from ondemand.servers import spawn
from ondemand.servers.processes import port_is_taken, until
from ondemand.tenancy.catalogue import wall_problems
from ondemand.tenancy.context import Scope, tenant
from ondemand.tenancy.roles import Role


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


def test_the_benchs_data_keep_every_key_and_add_up(fresh_database: str) -> None:
    with closing(psycopg2.connect(testing.postgres.url(fresh_database, "postgres"))) as superuser:
        fill(superuser.cursor(), Size((3, 2), months=2, lines=4), password="", now=clock.now())
        superuser.commit()
    with tenant(Scope(Role.WEB, partner_id=1)):
        assert [Customer.objects.count(), Commission.objects.count()] == [3, 3 * 2 * 4]
        invoiced, paid = Customer.objects.aggregate(a=Sum("invoiced"), b=Sum("paid")).values()
        assert invoiced == paid == Invoice.objects.aggregate(sum=Sum("total"))["sum"]
        assert invoiced == InvoiceLine.objects.aggregate(sum=Sum("amount"))["sum"]
    with tenant(Scope(Role.STAFF)):
        assert Customer.objects.count() == 5


def test_the_walls_that_the_bench_takes_down_stand_again(fresh_database: str) -> None:
    with closing(psycopg2.connect(testing.postgres.url(fresh_database, "portal_owner"))) as owner:
        owner.autocommit = True
        walls = Walls(owner)
        walls.stand(False)
        assert len(wall_problems(connection)) == len(walls.tables)
        walls.stand(True)
    assert wall_problems(connection) == []


def test_the_cost_of_the_walls_is_the_median_of_the_rounds_ratios() -> None:
    rounds = {WITH: (2, 3, 9), WITHOUT: (2, 2, 2), AGAIN: (2, 2, 3)}
    found = {("page", way): [Took(each, 2 * each) for each in times] for way, times in rounds.items()}
    shown = row("page", found, ["page"], most=1.05)
    assert shown.measured == "1.500 (by the clock 1.500)"
    assert "that again: 1.000" in shown.against
    assert not shown.ok
