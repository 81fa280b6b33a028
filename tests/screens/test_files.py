"""What is taken away as a file: agreed columns, as filtered, and written down."""

from __future__ import annotations

import pytest

from customers.models import Customer
from ondemand import clock
from ondemand.models import AuditEntry
from ondemand.scopes import LOOK
from ondemand.tenancy.context import Scope, as_worker, tenant
from ondemand.tenancy.roles import Role
from tests import factories
from tests.factories import Cast, sign_in
from tests.screens.pages import NOW, commissions_of, file_of, settle, shown

pytestmark = pytest.mark.django_db


def test_the_commissions_file_begins_with_the_agreed_columns_and_equals_the_screen(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega", amounts=(40_000, 10_001))
    browser = sign_in(world.iberia.owner)
    rows = file_of(browser, "/commissions/?export=csv&sort=number")
    assert list(rows[0])[:12] == (
        ["id", "kind", "customer", "product", "invoice", "line", "date", "base", "rate", "amount", "currency", "state"]
    )
    assert [row["amount"] for row in rows] == ["80.00", "20.00"]
    assert [row["id"] for row in rows] == [str(row.pk) for row in commissions_of(customer)]
    assert (rows[0]["rate"], rows[0]["base"], rows[0]["state"]) == ("20", "400.00", "payable")
    assert rows[0]["invoice"].startswith("in_")
    assert rows[0]["line"].startswith("il_")
    page = shown(browser, "/commissions/")
    assert all(f"€{row['amount']}" in page for row in rows)
    assert "€100.00" in page


def test_the_payments_file_has_the_agreed_columns(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    factories.make_bank_account(house=world.iberia, now=NOW)
    payment = factories.make_payment(house=world.iberia, cast=world)
    (row,) = file_of(sign_in(world.iberia.finance), "/payments/?export=csv")
    assert list(row)[:7] == ["number", "approved_on", "period", "amount", "currency", "state", "reference"]
    assert (row["number"], row["amount"], row["state"]) == (payment.number, "80.00", "paid")
    assert row["approved_on"] == clock.business_day(NOW).isoformat()


def test_who_takes_a_file_is_written_down(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    file_of(sign_in(world.iberia.owner), "/customers/?export=csv&state=paid")
    with as_worker():
        entry = AuditEntry.objects.get(verb="list.exported")
    assert (entry.target, entry.actor, entry.detail["rows"]) == ("customers", "owner@iberia.example", 1)


def test_staff_who_look_see_a_partners_screens_and_files_and_change_nothing(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    browser = sign_in(world.staff)
    assert browser.get("/customers/").status_code == 403
    with tenant(Scope(Role.AUTH)):
        session = browser.session
        session[LOOK] = world.iberia.partner.pk
        session.save()
    assert all("Bodegas Vega" in shown(browser, url) for url in ("/dashboard/", "/customers/", "/instances/"))
    assert [row["customer"] for row in file_of(browser, "/customers/?export=csv")] == ["Bodegas Vega"]


def test_a_filter_reaches_screen_totals_and_file_alike(world: Cast) -> None:
    settle(world.iberia, world, "Bodegas Vega")
    behind = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW, name="Moda Prado", state="past_due")
    with as_worker():
        Customer.objects.filter(pk=behind.pk).update(invoiced=12_345)
    browser = sign_in(world.iberia.owner)
    page = shown(browser, "/customers/?state=past_due")
    assert "Moda Prado" in page
    assert "Bodegas Vega" not in page
    assert "€123.45" in page
    assert [row["customer"] for row in file_of(browser, "/customers/?state=past_due&export=csv")] == ["Moda Prado"]
