"""Leaks in the database: gaps in the walls, of tables, policies, keys, functions and roles."""

from __future__ import annotations

from tests.planting.plants.plant import Change, Plant

CATALOGUE = "tests/walls/test_catalogue.py::test_walls_stand"
FIRST_OF_CUSTOMERS_WALLS = '        CompositeForeignKey("customers_person", *CUSTOMER_KEY, **FOLLOWS),\n'


def in_migration(statement: str) -> Change:
    """One more statement among those that build the customers' walls."""
    more = f'        migrations.RunSQL("{statement}"),\n'
    operations = "    operations = [\n" + FIRST_OF_CUSTOMERS_WALLS
    return Change("customers/migrations/0002_walls.py", operations, operations + more)


WALLS = [
    Plant(
        "the role stays after the transaction",
        (Change("ondemand/tenancy/context.py", "set_config('role', %s, true)", "set_config('role', %s, false)"),),
        "tests/walls/test_requests.py::test_after_commit_code_is_nobody",
        "portal_worker",
    ),
    Plant(
        "a plain view",
        (in_migration("CREATE VIEW debtors AS SELECT * FROM customers_customer"),),
        CATALOGUE,
        "debtors: a view without security_invoker",
    ),
    Plant(
        "a simple foreign key",
        (
            Change(
                "customers/migrations/0002_walls.py",
                FIRST_OF_CUSTOMERS_WALLS,
                "        migrations.RunSQL('ALTER TABLE customers_person ADD FOREIGN KEY (customer_id)'"
                "                          ' REFERENCES customers_customer'),\n",
            ),
        ),
        CATALOGUE,
        "customers_person → customers_customer: the foreign key leaves partner_id out",
    ),
    Plant(
        "a forgotten foreign key",
        (Change("customers/migrations/0002_walls.py", FIRST_OF_CUSTOMERS_WALLS, ""),),
        "tests/walls/test_catalogue.py::test_a_childs_tenant_is_its_parents_by_the_databases_word",
        "customers.Person.customer",
    ),
    Plant(
        "a policy with OR",
        (
            Change(
                "ondemand/tenancy/access.py",
                'OWN_PARTNER = "partner_id = (SELECT app.partner_id())"',
                "OWN_PARTNER = \"partner_id = (SELECT app.partner_id()) OR current_setting('app.staff', true) <> ''\"",
            ),
        ),
        CATALOGUE,
        "customers_invoice portal_web: a policy with OR",
    ),
    Plant(
        "a policy that shows every row",
        (
            Change(
                "signup/migrations/0002_walls.py",
                '"id IN (SELECT instance_id FROM signup_signup)"',
                '"true"',
            ),
        ),
        CATALOGUE,
        "instances_instance portal_signup: meets every row",
    ),
    Plant(
        "the owner of a table passes its walls",
        (
            Change(
                "ondemand/tenancy/operations.py",
                "yield f'ALTER TABLE \"{self.table}\" FORCE ROW LEVEL SECURITY'",
                "pass",
            ),
        ),
        CATALOGUE,
        "customers_customer: row-level security is not enabled and forced",
    ),
    Plant(
        "what is unique among all partners",
        (
            Change(
                "customers/migrations/0001_initial.py",
                'fields=("partner", "stripe_id"), name="customer_stripe_once"',
                'fields=("stripe_id",), name="customer_stripe_once"',
            ),
        ),
        CATALOGUE,
        "customer_stripe_once: unique among all partners",
    ),
    Plant(
        "a function with its owner's rights",
        (in_migration("CREATE FUNCTION app.debts() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN 1"),),
        CATALOGUE,
        "app.debts(): SECURITY DEFINER",
    ),
    Plant(
        "portal_app inherits a role",
        (Change("ondemand/tenancy/bootstrap.sql", "INHERIT FALSE, SET TRUE", "INHERIT TRUE, SET TRUE"),),
        CATALOGUE,
        "portal_app in portal_web: a membership that joins what roles keep apart",
    ),
]
