"""The walls in the database's catalogue: they stand everywhere, and a gap is found."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from ondemand.tenancy.catalogue import wall_problems
from ondemand.tenancy.owner import as_owner


@pytest.mark.django_db
def test_walls_stand() -> None:
    problems = wall_problems(connection)
    assert not problems, "\n".join(problems)


def test_a_childs_tenant_is_its_parents_by_the_databases_word(db: None) -> None:
    """Where Django's own key was left away there is one that holds the partner too."""
    with connection.cursor() as cursor:
        cursor.execute(KEYS_WITH_PARTNER)
        walled = set(cursor.fetchall())
    children = [field for model in apps.get_models() for field in model._meta.fields if not guards_itself(field)]
    assert len(children) > 10
    assert [str(field) for field in children if (field.model._meta.db_table, field.column) not in walled] == []


def guards_itself(field: Any) -> bool:
    return not field.is_relation or bool(field.db_constraint)


KEYS_WITH_PARTNER = """
SELECT k.conrelid::regclass::text, child.attname FROM pg_constraint k
JOIN pg_attribute child ON child.attrelid = k.conrelid AND child.attnum = ANY (k.conkey)
JOIN pg_attribute partner ON partner.attrelid = k.conrelid AND partner.attnum = ANY (k.conkey)
WHERE k.contype = 'f' AND partner.attname = 'partner_id'"""
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
        "ALTER POLICY portal_web ON customers_invoice USING (partner_id = (SELECT app.partner_id()) OR 1 = 1)",
        "customers_invoice portal_web: a policy with OR",
    ),
    (
        "ALTER POLICY portal_customer ON customers_invoice WITH CHECK (true)",
        "customers_invoice portal_customer: meets every row",
    ),
    ("CREATE UNIQUE INDEX u ON customers_customer (vat_number)", "u: unique among all partners"),
    (
        "GRANT TRUNCATE ON customers_invoice TO portal_web",
        "customers_invoice portal_web TRUNCATE: a privilege that passes the walls",
    ),
    (
        "ALTER TABLE customers_person ADD FOREIGN KEY (customer_id) REFERENCES customers_customer",
        "customers_person → customers_customer: the foreign key leaves partner_id out",
    ),
    (
        "GRANT REFERENCES (id) ON customers_invoice TO portal_web",
        "customers_invoice.id portal_web REFERENCES: a privilege that passes the walls",
    ),
    ("CREATE SCHEMA s; CREATE TABLE s.t (id bigint)", "s.t: a relation outside the schema public"),
    (
        "CREATE SCHEMA s; CREATE FUNCTION s.f() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
        "s.f(): SECURITY DEFINER",
    ),
    (
        "CREATE POLICY p ON customers_invoice TO portal_web USING (true) WITH CHECK (true)",
        "customers_invoice portal_web: several policies of one role, whose rows add up",
    ),
    ("DROP POLICY portal_owner ON customers_invoice", "customers_invoice: its owner has no policy"),
    (
        "ALTER POLICY portal_web ON customers_invoice USING (partner_id > 0)",
        "customers_invoice portal_web: a policy does not compare with the tenant",
    ),
    (
        "ALTER POLICY portal_customer ON customers_invoice WITH CHECK (customer_id > 0)",
        "customers_invoice portal_customer: a policy does not compare with the tenant",
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


ROLES = [
    ("GRANT portal_staff TO portal_web", "portal_web in portal_staff: a membership that joins what roles keep apart"),
    (
        "GRANT portal_staff TO portal_app WITH INHERIT TRUE",
        "portal_app in portal_staff: a membership that joins what roles keep apart",
    ),
    (
        "GRANT portal_owner TO portal_app WITH INHERIT FALSE",
        "portal_app in portal_owner: a membership that joins what roles keep apart",
    ),
    ("ALTER ROLE portal_web BYPASSRLS", "portal_web: a role that passes the walls"),
]


def test_the_guard_finds_a_role_that_is_too_strong(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As superuser: nobody else may plant these."""
    monkeypatch.setitem(settings.OWNER_DATABASE, "USER", "postgres")
    with as_owner(), connection.cursor() as cursor:
        for statement, problem in ROLES:
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
