"""Refunds, credit notes and disputes as they stand at Stripe, written to the invoice that they correct."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Min

from customers.invoicing import upsert
from customers.models import CreditNote, CreditNoteLine, Customer, Dispute, Invoice, InvoiceLine, InvoicePayment, Refund
from customers.models.corrections import Correction
from customers.states import must_know_state
from customers.totals import recount
from ondemand.gateway import credit_notes, disputes, refunds
from ondemand.inbox import NotYetKnown
from ondemand.models import StripeEvent
from ondemand.money import MixedCurrencies

Row = TypeVar("Row", bound=Correction)


def sync_refund(stripe_id: str) -> None:
    facts = refunds.fetch_refund(stripe_id)
    _write(Refund, _paid_by(facts.payment_intent), facts)


def sync_dispute(stripe_id: str, now: datetime) -> None:
    facts = disputes.fetch_dispute(stripe_id)
    _write(Dispute, _paid_by(facts.payment_intent), facts, closed_at=_closed_at(facts, now))


def _closed_at(facts: disputes.DisputeFacts, now: datetime) -> datetime | None:
    """A dispute does not say when it was decided: the event does, and where none came it is now that we know of it."""
    if facts.state not in Dispute.CLOSED:
        return None
    known = Dispute.objects.filter(stripe_id=facts.id).values_list("closed_at", flat=True).first()
    told = StripeEvent.objects.filter(object_id=facts.id, type="charge.dispute.closed").aggregate(at=Min("created"))
    return known or told["at"] or now


def sync_credit_note(stripe_id: str) -> None:
    facts = credit_notes.fetch_credit_note(stripe_id)
    invoice = Invoice.objects.filter(stripe_id=facts.invoice).first()
    if invoice is None:
        raise NotYetKnown(f"no invoice is {facts.invoice}")
    _write_lines(_write(CreditNote, invoice, facts), facts)


def _write(model: type[Row], invoice: Invoice, facts: Any, **more: Any) -> Row:
    """What the row and the facts both name, by Stripe's id; then the customer's totals."""
    must_know_state(model, facts)
    if facts.currency != invoice.currency:
        raise MixedCurrencies(f"{facts.id} is in {facts.currency}, its invoice {invoice} in {invoice.currency}")
    fields = {field.name for field in model._meta.concrete_fields} - {"id"}
    told = {name: value for name, value in vars(facts).items() if name in fields}
    row, _ = model._default_manager.update_or_create(
        partner_id=invoice.partner_id,
        stripe_id=facts.id,
        defaults=told | more | {"customer_id": invoice.customer_id, "invoice": invoice, "to_accrue": True},
    )
    recount(Customer.objects.get(pk=invoice.customer_id))
    return row


def _write_lines(note: CreditNote, facts: credit_notes.CreditNoteFacts) -> None:
    of_invoice = InvoiceLine.objects.filter(partner_id=note.partner_id, invoice_id=note.invoice_id)
    ids = dict(of_invoice.values_list("stripe_id", "pk"))
    rows = [
        CreditNoteLine(
            partner_id=note.partner_id,
            customer_id=note.customer_id,
            note=note,
            line_id=ids.get(line.line),
            stripe_id=line.id,
            currency=note.currency,
            amount=line.amount,
        )
        for line in facts.lines
    ]
    upsert(CreditNoteLine, rows)


def _paid_by(payment_intent: str) -> Invoice:
    payment = InvoicePayment.objects.filter(payment_intent=payment_intent).select_related("invoice").first()
    if not payment_intent or payment is None:
        raise NotYetKnown(f"no invoice was paid by {payment_intent or 'that charge'}")
    return payment.invoice
