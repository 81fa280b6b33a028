"""Commissions: their states, and why each amount is what it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from commissions.models import Commission
from commissions.services.accrual import accrue
from customers.models import Invoice, InvoiceLine, Refund
from ondemand.tenancy.context import as_worker
from payments.models import Payment
from tests import factories
from tests.factories import Cast, sign_in
from tests.screens.pages import NOW, commissions_of, file_of, instance_of, settle, shown

pytestmark = pytest.mark.django_db


def test_a_commission_is_pending_then_payable_then_in_a_payment_then_paid(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    factories.make_earnings(customer=customer, at=NOW - timedelta(days=5))
    browser = sign_in(world.iberia.owner)
    assert states(browser) == ["pending"]
    factories.make_earnings(customer=customer, at=NOW - timedelta(days=40), amounts=(90_000,))
    assert states(browser) == ["payable", "pending"]
    factories.make_bank_account(house=world.iberia, now=NOW)
    payment = factories.make_payment(house=world.iberia, cast=world, state=Payment.State.SENT)
    assert states(browser) == ["in_payment", "pending"]
    for state in ("pending", "payable", "in_payment", "paid"):
        found = file_of(browser, f"/commissions/?state={state}&export=csv")
        assert len(found) == states(browser).count(state)
    with as_worker():
        Payment.objects.filter(pk=payment.pk).update(state=Payment.State.PAID, paid_at=NOW)
    assert states(browser) == ["paid", "pending"]
    assert payment.number in shown(browser, "/commissions/?state=paid")


def states(browser: Client) -> list[str]:
    return [row["state"] for row in file_of(browser, "/commissions/?export=csv&sort=date")]


def test_a_commission_of_a_payment_is_found_by_it(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    factories.make_bank_account(house=world.iberia, now=NOW)
    payment = factories.make_payment(house=world.iberia, cast=world)
    factories.make_earnings(customer=customer, at=NOW)
    browser = sign_in(world.iberia.owner)
    rows = file_of(browser, f"/commissions/?payment={payment.pk}&export=csv")
    assert [row["payment"] for row in rows] == [payment.number]
    assert f"/commissions/?payment={payment.pk}" in shown(browser, payment.get_absolute_url())


def test_why_this_amount_leads_from_the_readings_to_the_payment(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    instance = instance_of(customer)
    cycle = factories.make_cycle(instance=instance, now=NOW, peak=14)
    factories.make_reading(instance=instance, day=(NOW - timedelta(days=3)).date(), users=14)
    with as_worker():
        InvoiceLine.objects.filter(customer_id=customer.pk).update(usage_cycle_id=cycle.pk)
    page = shown(sign_in(world.iberia.owner), commissions_of(customer)[0].get_absolute_url())
    assert "at most 14 on a day (first on" in page
    assert "€400.00 × €400.00 ÷ €400.00 × 20%, rounded half away from zero: €80.00" in page
    assert "it agrees" in page


def test_why_this_amount_agrees_for_an_invoice_paid_in_parts(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    invoice = factories.make_invoice(customer=customer, at=NOW, amounts=(9_999,), paid=3_333)
    accrue(now=NOW)
    with as_worker():
        Invoice.objects.filter(pk=invoice.pk).update(paid=9_999, remaining=0, state="paid", paid_at=NOW)
        InvoiceLine.objects.filter(invoice=invoice).update(to_accrue=True)
    accrue(now=NOW)
    rows = commissions_of(customer)
    assert [row.amount for row in rows] == [667, 1333]
    browser = sign_in(world.iberia.owner)
    assert "less €6.67 from earlier rows" in shown(browser, rows[1].get_absolute_url())
    assert all("it agrees" in shown(browser, row.get_absolute_url()) for row in rows)


def test_why_this_amount_agrees_for_refunds_in_parts(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    invoice = factories.make_earnings(customer=customer, at=NOW, amounts=(4_900, 3_333))
    for number, amount in enumerate((1_000, 777)):
        with as_worker():
            Refund.objects.create(
                partner_id=customer.partner_id,
                customer_id=customer.pk,
                invoice=invoice,
                stripe_id=f"re_{number}",
                currency="EUR",
                amount=amount,
                state=Refund.State.SUCCEEDED,
                created_at=NOW + timedelta(seconds=number),
            )
        accrue(now=NOW)
    reversals = [row for row in commissions_of(customer) if row.kind == Commission.Kind.REVERSAL]
    assert len(reversals) == 4
    browser = sign_in(world.iberia.owner)
    pages = [shown(browser, row.get_absolute_url()) for row in reversals]
    assert all("it agrees" in page for page in pages)


def test_why_this_amount_says_so_where_a_stored_amount_does_not_agree(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    (right,) = commissions_of(customer)
    with as_worker():
        wrong = Commission.objects.get(pk=right.pk)
        wrong.pk, wrong.source_id, wrong.amount = None, "in_wrong", 7
        wrong.save()
    page = shown(sign_in(world.iberia.owner), wrong.get_absolute_url())
    assert "does not agree with the stored €0.07" in page
