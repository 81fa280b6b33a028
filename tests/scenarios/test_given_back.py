"""Refunds in parts, and credit notes: each takes back its share of what was earned, once and to the cent."""

from __future__ import annotations

from typing import Any

import pytest

from commissions.models import Commission
from customers.models import CreditNote, Customer, Invoice, Refund, Subscription
from ondemand.tenancy.context import as_worker
from tests.conftest import in_ci
from tests.path.walk import Walk
from tests.scenarios.books import earned, last_invoice, payment_of

pytestmark = in_ci

REVERSAL, REINSTATEMENT = Commission.Kind.REVERSAL, Commission.Kind.REINSTATEMENT


def known(walk: Walk) -> None:
    walk.take_events()
    walk.accrue()


def customer() -> Customer:
    with as_worker():
        return Customer.objects.get()


def test_three_partial_refunds_take_what_one_of_their_sum_would(month: Walk) -> None:
    invoice = last_invoice()
    whole, intent = earned(invoice), payment_of(invoice)
    for amount in (333, 1_000, invoice.total - 1_333):
        month.standin.v1.refunds.create({"payment_intent": intent, "amount": amount})
        known(month)
    assert earned(invoice, REVERSAL) == -whole
    assert customer().refunded == invoice.total


def test_a_refund_that_belongs_to_a_note_counts_once_and_on_the_notes_lines(month: Walk) -> None:
    invoice = last_invoice()
    with as_worker():
        line = invoice.lines.filter(amount__gt=0).latest("amount")
        of_line = Commission.objects.get(line=line, kind="earning").amount
    given: Any = {"type": "invoice_line_item", "invoice_line_item": line.stripe_id, "quantity": line.quantity}
    month.standin.v1.credit_notes.create({"invoice": invoice.stripe_id, "lines": [given], "refund_amount": line.gross})
    known(month)
    with as_worker():
        rows = list(Commission.objects.filter(kind=REVERSAL).values_list("line_id", "amount"))
        note, refund = CreditNote.objects.get(), Refund.objects.get()
    assert rows == [(line.pk, -of_line)]
    assert note.refunds == {refund.stripe_id: refund.amount}


def test_a_note_before_payment_lowers_what_is_due_and_takes_nothing(month: Walk) -> None:
    invoice = open_invoice(month)
    month.standin.v1.credit_notes.create({"invoice": invoice.stripe_id, "amount": 500})
    known(month)
    with as_worker():
        fresh = Invoice.objects.get(pk=invoice.pk)
    assert (fresh.remaining, earned(invoice, REVERSAL)) == (invoice.remaining - 500, 0)
    month.standin.v1.invoices.pay(invoice.stripe_id, {"paid_out_of_band": True})
    known(month)
    assert earned(invoice) == (invoice.total - 500) * 2_000 // 10_000
    assert earned(invoice, REVERSAL) == 0


def test_a_voided_note_reinstates(month: Walk) -> None:
    invoice = last_invoice()
    whole = earned(invoice)
    note = month.standin.v1.credit_notes.create({"invoice": invoice.stripe_id, "amount": 1_000, "credit_amount": 1_000})
    known(month)
    assert earned(invoice) < whole
    month.standin.v1.credit_notes.void_credit_note(note.id)
    known(month)
    assert earned(invoice) == whole
    assert customer().credited == 0


def test_a_refund_that_fails_reinstates(month: Walk) -> None:
    stripe = month.standin.v1
    card = stripe.payment_methods.attach("pm_card_refundFail", {"customer": customer().stripe_id})
    with as_worker():
        subscription = Subscription.objects.get().stripe_id
    stripe.subscriptions.update(subscription, {"default_payment_method": card.id})
    month.wait(days=31)
    known(month)
    invoice = last_invoice()
    whole = earned(invoice)
    stripe.refunds.create({"payment_intent": payment_of(invoice), "amount": 1_000})
    known(month)
    month.wait(days=3)
    known(month)
    assert (earned(invoice), customer().refunded) == (whole, 0)


def test_a_note_of_one_line_and_a_refund_of_the_rest_take_all(month: Walk) -> None:
    invoice = last_invoice()
    with as_worker():
        line = invoice.lines.filter(amount__gt=0).latest("amount")
    given: Any = {"type": "invoice_line_item", "invoice_line_item": line.stripe_id, "quantity": line.quantity}
    note = {"invoice": invoice.stripe_id, "lines": [given], "credit_amount": line.gross}
    month.standin.v1.credit_notes.create(note)  # type: ignore[arg-type]
    intent, rest = payment_of(invoice), invoice.total - line.gross
    month.standin.v1.refunds.create({"payment_intent": intent, "amount": rest})
    known(month)
    assert earned(invoice) == 0


@pytest.mark.parametrize("first", [True, False])
def test_two_causes_come_to_the_same_in_either_order(month: Walk, first: bool) -> None:
    invoice = last_invoice()
    whole, intent = earned(invoice), payment_of(invoice)
    for each in (first, not first):
        if each:
            month.standin.v1.refunds.create({"payment_intent": intent, "amount": 777})
        else:
            month.standin.v1.credit_notes.create({"invoice": invoice.stripe_id, "amount": 555, "credit_amount": 555})
        known(month)
    assert abs(earned(invoice) - whole * (invoice.total - 1_332) / invoice.total) <= 2


def open_invoice(walk: Walk) -> Invoice:
    """One by hand, for two named users, finalised and not paid."""
    with as_worker():
        price = Customer.objects.get().plan.stripe_user_price
    stripe = walk.standin.v1
    made = stripe.invoices.create({"customer": customer().stripe_id, "auto_advance": False})
    stripe.invoice_items.create(
        {"customer": customer().stripe_id, "invoice": made.id, "pricing": {"price": price}, "quantity": 2}
    )
    stripe.invoices.finalize_invoice(made.id, {"auto_advance": False})
    known(walk)
    with as_worker():
        return Invoice.objects.get(stripe_id=made.id)
