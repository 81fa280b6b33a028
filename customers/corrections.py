"""Refunds, credit notes and disputes as they stand at Stripe, written to the invoice that they correct."""

from __future__ import annotations

from customers.invoicing import upsert
from customers.models import CreditNote, CreditNoteLine, Customer, Dispute, Invoice, InvoiceLine, InvoicePayment, Refund
from customers.totals import recount
from ondemand.gateway import credit_notes, disputes, refunds
from ondemand.inbox import NotYetKnown


def sync_refund(stripe_id: str) -> None:
    facts = refunds.fetch_refund(stripe_id)
    invoice = _paid_by(facts.payment_intent)
    values = {**_of(invoice), "currency": facts.currency, "amount": facts.amount, "state": facts.state}
    Refund.objects.update_or_create(
        partner_id=invoice.partner_id,
        stripe_id=facts.id,
        defaults={**values, "created_at": facts.created_at, "to_accrue": True},
    )
    _recount(invoice)


def sync_dispute(stripe_id: str) -> None:
    facts = disputes.fetch_dispute(stripe_id)
    invoice = _paid_by(facts.payment_intent)
    values = {name: value for name, value in vars(facts).items() if name not in ("id", "payment_intent")}
    Dispute.objects.update_or_create(
        partner_id=invoice.partner_id,
        stripe_id=facts.id,
        defaults={**_of(invoice), **values, "to_accrue": True},
    )
    _recount(invoice)


def sync_credit_note(stripe_id: str) -> None:
    facts = credit_notes.fetch_credit_note(stripe_id)
    invoice = Invoice.objects.filter(stripe_id=facts.invoice).first()
    if invoice is None:
        raise NotYetKnown(f"no invoice is {facts.invoice}")
    values = {name: value for name, value in vars(facts).items() if name not in ("id", "invoice", "lines")}
    note, _ = CreditNote.objects.update_or_create(
        partner_id=invoice.partner_id,
        stripe_id=facts.id,
        defaults={**_of(invoice), **values, "to_accrue": True},
    )
    _write_lines(note, facts)
    Refund.objects.filter(partner_id=note.partner_id, stripe_id__in=note.refunds).update(to_accrue=True)
    _recount(invoice)


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


def _of(invoice: Invoice) -> dict[str, object]:
    return {"customer_id": invoice.customer_id, "invoice": invoice}


def _recount(invoice: Invoice) -> None:
    recount(Customer.objects.get(pk=invoice.customer_id))
