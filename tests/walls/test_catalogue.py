"""The walls in the database's catalogue: they stand everywhere, and a gap is found."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from ondemand.tenancy.catalogue import wall_problems
from ondemand.tenancy.owner import as_owner


@pytest.mark.django_db
def test_walls_stand() -> None:
    assert wall_problems(connection) == []


PLANTED = [
    ("CREATE TABLE t (partner_id bigint)", "t: row-level security is not enabled and forced"),
    ("CREATE TABLE t (partner_id bigint)", "t: partner_id may be null"),
    ("CREATE TABLE t (partner_id bigint)", "t: no index begins with partner_id"),
    (
        "ALTER TABLE customers_invoice NO FORCE ROW LEVEL SECURITY",
        "customers_invoice: row-level security is not enabled and forced",
    ),
    (
        "DROP POLICY portal_web ON customers_invoice",
        "customers_invoice portal_web: granted, but the role has no policy of its own",
    ),
    (
        "CREATE POLICY p ON customers_invoice USING (true)",
        "customers_invoice p: a policy is for several roles, restrictive, or without WITH CHECK",
    ),
    (
        "GRANT TRUNCATE ON customers_invoice TO portal_web",
        "customers_invoice portal_web TRUNCATE: a privilege that passes the walls",
    ),
    (
        "ALTER TABLE customers_person ADD FOREIGN KEY (customer_id) REFERENCES customers_customer",
        "customers_person → customers_customer: the foreign key leaves partner_id out",
    ),
    ("CREATE VIEW v AS SELECT * FROM customers_customer", "v: a view without security_invoker"),
    ("CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1", "app.f(): SECURITY DEFINER"),
]


def test_the_guard_finds_what_is_planted(fresh_database: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        for statement, problem in PLANTED:
            cursor.execute("BEGIN")
            cursor.execute(statement)
            assert problem in wall_problems(connection), statement
            cursor.execute("ROLLBACK")


def test_the_check_command_names_a_gap(fresh_database: str) -> None:
    call_command("check", databases=["default"], fail_level="WARNING")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id bigint)")
    with pytest.raises(SystemCheckError, match="t: row-level security"):
        call_command("check", databases=["default"], fail_level="WARNING")
