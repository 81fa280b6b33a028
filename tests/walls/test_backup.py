"""Dumps and restores with the walls up."""

from __future__ import annotations

import subprocess

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations import RunPython
from django.db.migrations.state import ProjectState

from customers.models import Customer
from ondemand import clock, testing
from ondemand.tenancy.catalogue import wall_problems
from ondemand.tenancy.context import as_worker
from ondemand.tenancy.owner import as_owner
from ondemand.tenancy.roles import Role
from tests import factories
from tests.conftest import using


@pytest.fixture
def filled(fresh_database: str) -> str:
    """A database with a customer of each of two partners."""
    cast = factories.make_cast(now=clock.now())
    for house in (cast.iberia, cast.nordic):
        factories.make_customer(house=house, plan=cast.plan, now=cast.now)
    return fresh_database


def run(program: str, role: str, *arguments: str, stdin: bytes = b"") -> bytes:
    command = [str(testing.postgres.bin / program), "-h", str(testing.postgres.sockets), "-U", role, *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


def names() -> set[str]:
    with as_worker():
        return set(Customer.objects.values_list("name", flat=True))


def test_the_backup_restores_every_tenants_rows_and_the_walls(filled: str) -> None:
    before, copy = names(), f"{filled}_copy"
    dump = run("pg_dump", Role.BACKUP, "-Fc", filled)
    testing.postgres.create_database(copy)
    try:
        run("pg_restore", "postgres", "-d", copy, stdin=dump)
        with using(copy):
            assert wall_problems(connection) == []
            assert names() == before
            connection.close()
    finally:
        testing.postgres.drop_database(copy)


def test_the_owner_cannot_dump_half_of_it(filled: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run("pg_dump", Role.OWNER, filled)
    assert b"would be affected by row-level security" in refused.value.stderr


def test_a_data_migration_touches_every_tenants_rows(filled: str) -> None:
    def shout(known: object, editor: object) -> None:
        known.get_model("customers", "Customer").objects.update(name="SHOUTED")  # type: ignore[attr-defined]

    state = ProjectState.from_apps(apps)
    with as_owner(), connection.schema_editor() as editor:
        RunPython(shout).database_forwards("customers", editor, state, state)
    assert names() == {"SHOUTED"}
