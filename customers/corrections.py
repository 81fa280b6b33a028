"""Refunds, credit notes and disputes as they stand at Stripe, written to the invoice that they correct."""

from __future__ import annotations

from typing import Any, TypeVar

from customers.invoicing import upsert
from customers.models import CreditNote, CreditNoteLine, Customer, Dispute, Invoice, InvoiceLine, InvoicePayment, Refund
from customers.models.corrections import Correction
from customers.totals import recount
from ondemand.gateway import credit_notes, disputes, refunds
from ondemand.inbox import NotYetKnown

Row = TypeVar("Row", bound=Correction)


def sync_refund(stripe_id: str) -> None:
    facts = refunds.fetch_refund(stripe_id)
    _write(Refund, _paid_by(facts.payment_intent), facts)


def sync_dispute(stripe_id: str) -> None:
    facts = disputes.fetch_dispute(stripe_id)
    _write(Dispute, _paid_by(facts.payment_intent), facts)


def sync_credit_note(stripe_id: str) -> None:
    facts = credit_notes.fetch_credit_note(stripe_id)
    invoice = Invoice.objects.filter(stripe_id=facts.invoice).first()
    if invoice is None:
        raise NotYetKnown(f"no invoice is {facts.invoice}")
    note = _write(CreditNote, invoice, facts)
    _write_lines(note, facts)
    Refund.objects.filter(partner_id=note.partner_id, stripe_id__in=note.refunds).update(to_accrue=True)


def _write(model: type[Row], invoice: Invoice, facts: Any) -> Row:
    """What the row and the facts both name, by Stripe's id; then the customer's totals."""
    fields = {field.name for field in model._meta.concrete_fields} - {"id"}
    told = {name: value for name, value in vars(facts).items() if name in fields}
    row, _ = model._default_manager.update_or_create(
        partner_id=invoice.partner_id,
        stripe_id=facts.id,
        defaults=told | {"customer_id": invoice.customer_id, "invoice": invoice, "to_accrue": True},
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
