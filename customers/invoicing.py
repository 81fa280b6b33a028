"""An invoice as it stands at Stripe, written with its lines and payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, Q

from customers.models import Assignment, Customer, Invoice, InvoiceLine, InvoicePayment
from customers.states import must_know_state
from ondemand.gateway.invoices import InvoiceFacts
from partners.models import Plan

Row = TypeVar("Row", bound=Model)
METERS = {
    "stripe_base_price": InvoiceLine.Meter.BASE,
    "stripe_user_price": InvoiceLine.Meter.USERS,
    "stripe_terminal_price": InvoiceLine.Meter.TERMINALS,
    "stripe_gb_price": InvoiceLine.Meter.DISK,
}


def write_invoice(customer: Customer, facts: InvoiceFacts) -> Invoice:
    """Head, lines and payments by Stripe's ids. Lines are marked, so that commissions look at them again."""
    must_know_state(Invoice, facts)
    invoice = _write_head(customer, facts)
    _write_lines(invoice, facts)
    _write_payments(invoice, facts)
    return invoice


def _write_head(customer: Customer, facts: InvoiceFacts) -> Invoice:
    """Its assignment is the one in force when it was made, and stays."""
    values = {
        "subscription_stripe_id": facts.subscription,
        "number": facts.number,
        "state": facts.state,
        "currency": facts.currency,
        "subtotal": facts.subtotal,
        "tax": facts.tax,
        "total": facts.total,
        "due": facts.due,
        "paid": facts.paid,
        "remaining": facts.remaining,
        "paid_outside": facts.paid_outside,
        "credited_before": facts.credited_before,
        "created_at": facts.created_at,
        "effective_at": facts.effective_at,
        "paid_at": facts.paid_at,
        "attempts": facts.attempts,
        "next_attempt_at": facts.next_attempt_at,
        "needs_action": facts.needs_action,
        "page_url": "" if customer.erased_at else facts.page_url,
        "finalization_error": facts.finalization_error,
        "pdf_url": "" if customer.erased_at else facts.pdf_url,
    }
    known = Invoice.objects.filter(stripe_id=facts.id).first()
    if known:
        for name, value in values.items():
            setattr(known, name, value)
        known.save(update_fields=list(values))
        return known
    assignment = _assignment(customer, facts.created_at)
    return Invoice.objects.create(
        partner_id=assignment.partner_id,
        customer_id=customer.pk,
        assignment=assignment,
        stripe_id=facts.id,
        **values,
    )


def _assignment(customer: Customer, at: datetime) -> Assignment:
    """In force at an instant; the first where it is earlier, as the subscription begins before its completion here."""
    all_of_them = Assignment.objects.filter(customer=customer)
    found = all_of_them.filter(Q(until=None) | Q(until__gt=at), since__lte=at).first()
    return found or all_of_them.earliest("since")


def _write_lines(invoice: Invoice, facts: InvoiceFacts) -> None:
    prices = prices_at_stripe([line.price for line in facts.lines])
    rows = []
    for position, line in enumerate(facts.lines):
        plan, meter = prices.get(line.price, (None, InvoiceLine.Meter.OTHER))
        rows.append(
            InvoiceLine(
                partner_id=invoice.partner_id,
                stripe_id=line.id,
                customer_id=invoice.customer_id,
                invoice=invoice,
                position=position,
                product_id=plan.product_id if plan else None,
                plan=plan,
                meter=meter,
                description=line.description[:500],
                quantity=line.quantity,
                currency=line.currency,
                amount=line.amount,
                discount=line.discount,
                credit=line.credit,
                inclusive_tax=line.inclusive_tax,
                exclusive_tax=line.exclusive_tax,
                period_start=line.period_start,
                period_end=line.period_end,
                proration=line.proration,
                usage_cycle_id=line.usage_cycle,
                to_accrue=True,
            )
        )
    upsert(InvoiceLine, rows)
    if facts.state == Invoice.State.DRAFT:
        gone = InvoiceLine.objects.filter(partner_id=invoice.partner_id, invoice=invoice)
        gone.exclude(stripe_id__in=[line.id for line in facts.lines]).delete()


def _write_payments(invoice: Invoice, facts: InvoiceFacts) -> None:
    rows = [
        InvoicePayment(
            partner_id=invoice.partner_id,
            stripe_id=payment.id,
            customer_id=invoice.customer_id,
            invoice=invoice,
            payment_intent=payment.payment_intent,
            state=payment.state,
            currency=payment.currency,
            amount=payment.amount,
            paid_at=payment.paid_at,
        )
        for payment in facts.payments
    ]
    upsert(InvoicePayment, rows)


def upsert(model: type[Row], rows: list[Row], *, but: Sequence[str] = ()) -> list[Row]:
    """By Stripe's id, in one statement; what Stripe says now replaces what it said before, `but` some fields."""
    key = ["partner", "stripe_id"]
    changed = [field.name for field in model._meta.concrete_fields if field.name not in ("id", *key, *but)]
    return model._default_manager.bulk_create(rows, update_conflicts=True, unique_fields=key, update_fields=changed)


def prices_at_stripe(ids: list[str]) -> dict[str, tuple[Plan | None, str]]:
    """Which plan and meter each of Stripe's prices is."""
    wanted = set(filter(None, ids))
    of_them = Q()
    for field in METERS:
        of_them |= Q(**{f"{field}__in": wanted})
    return {
        getattr(plan, field): (plan, meter)
        for plan in Plan.objects.filter(of_them)
        for field, meter in METERS.items()
        if getattr(plan, field) in wanted
    }
