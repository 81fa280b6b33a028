"""Invoices with their lines and payments as they stand at Stripe now. Amounts in minor units, instants in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import stripe

from ondemand.clock import instant
from ondemand.gateway.client import id_of, metadata_of, stripe_call, when
from ondemand.gateway.errors import Refused

USAGE_CYCLE = "usage_cycle"  # the metadata's name for the id of our cycle's row


@dataclass(frozen=True)
class LineFacts:
    id: str
    description: str
    price: str
    quantity: int
    currency: str
    amount: int
    discount: int
    credit: int
    inclusive_tax: int
    exclusive_tax: int
    period_start: datetime
    period_end: datetime
    proration: bool
    usage_cycle: int | None


@dataclass(frozen=True)
class PaymentFacts:
    id: str
    payment_intent: str
    state: str
    currency: str
    amount: int
    paid_at: datetime | None


@dataclass(frozen=True)
class InvoiceFacts:
    id: str
    customer: str
    subscription: str
    number: str
    state: str
    currency: str
    subtotal: int
    tax: int
    total: int
    due: int
    paid: int
    remaining: int
    paid_outside: int
    credited_before: int
    created_at: datetime
    effective_at: datetime | None
    paid_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    needs_action: bool
    finalization_error: str
    page_url: str
    pdf_url: str
    lines: list[LineFacts]
    payments: list[PaymentFacts]


@dataclass(frozen=True)
class PreviewFacts:
    """`due` is the total and what the customer's balance adds or takes; of more than ten lines there are the first."""

    subtotal: int
    discount: int
    tax: int
    total: int
    due: int
    lines: list[LineFacts]


def fetch_invoice(id: str) -> InvoiceFacts:
    with stripe_call() as client:
        found = client.v1.invoices.retrieve(id, {"expand": ["payments.data.payment.payment_intent"]})
        lines = list(found.lines.data)
        if found.lines.has_more:
            lines = list(client.v1.invoices.line_items.list(id, {"limit": 100}).auto_paging_iter())
        return _invoice(found, lines)


def preview_invoice(subscription: str) -> PreviewFacts | None:
    """What the subscription's cycle will end with, as things stand. None where nothing will be billed any more."""
    return preview({"subscription": subscription})


def preview(params: stripe.params.InvoiceCreatePreviewParams) -> PreviewFacts | None:
    """For the gateway's own modules, which know Stripe's parameters."""
    try:
        with stripe_call() as client:
            found = client.v1.invoices.create_preview(params)
    except Refused as error:
        if error.code == "invoice_upcoming_none":
            return None
        raise
    return PreviewFacts(
        subtotal=found.subtotal,
        discount=sum(each.amount for each in found.total_discount_amounts or []),
        tax=sum(tax.amount for tax in found.total_taxes or []),
        total=found.total,
        due=found.amount_due,
        lines=[_line(line) for line in found.lines.data],
    )


def invoices_since(since: datetime | None) -> Iterator[InvoiceFacts]:
    """As `subscriptions_since`; of each the first lines alone, as Stripe lists them."""
    params: stripe.params.InvoiceListParams = {"limit": 100, "expand": ["data.payments"]}
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    with stripe_call() as client:
        for found in client.v1.invoices.list(params).auto_paging_iter():
            yield _invoice(found, found.lines.data)


def _invoice(found: stripe.Invoice, lines: list[stripe.InvoiceLineItem]) -> InvoiceFacts:
    paid_at = found.status_transitions.paid_at if found.status_transitions else None
    return InvoiceFacts(
        id=found.id,
        customer=id_of(found.customer),
        subscription=_subscription_of(found),
        number=found.number or "",
        state=found.status or "draft",
        currency=found.currency.upper(),
        subtotal=found.subtotal,
        tax=sum(tax.amount for tax in found.total_taxes or []),
        total=found.total,
        due=found.amount_due,
        paid=found.amount_paid,
        remaining=found.amount_remaining,
        paid_outside=found.amount_paid_off_stripe or 0,
        credited_before=found.pre_payment_credit_notes_amount,
        created_at=instant(found.created),
        effective_at=when(found.effective_at),
        paid_at=when(paid_at),
        attempts=found.attempt_count,
        next_attempt_at=when(found.next_payment_attempt),
        needs_action=any(_waits_for_payer(each) for each in (found.payments.data if found.payments else [])),
        finalization_error=_words_of(found.last_finalization_error),
        page_url=found.hosted_invoice_url or "",
        pdf_url=found.invoice_pdf or "",
        lines=[_line(line) for line in lines],
        payments=[_payment(each) for each in (found.payments.data if found.payments else [])],
    )


def _words_of(error: stripe.Invoice.LastFinalizationError | None) -> str:
    return error.message or error.code or error.type if error else ""


def _subscription_of(invoice: stripe.Invoice) -> str:
    details = invoice.parent.subscription_details if invoice.parent else None
    return id_of(details.subscription) if details else ""


def _line(line: stripe.InvoiceLineItem) -> LineFacts:
    priced = getattr(line.pricing, "price_details", None)  # absent where only an amount was given
    taxes = line.taxes or []
    cycle = metadata_of(line.metadata).get(USAGE_CYCLE, "")
    return LineFacts(
        id=line.id,
        description=line.description or "",
        price=id_of(priced.price) if priced else "",
        quantity=line.quantity if line.quantity is not None else 1,
        currency=line.currency.upper(),
        amount=line.amount,
        discount=sum(each.amount for each in line.discount_amounts or []),
        credit=sum(
            each.amount for each in line.pretax_credit_amounts or [] if each.type == "credit_balance_transaction"
        ),
        inclusive_tax=sum(tax.amount for tax in taxes if tax.tax_behavior == "inclusive"),
        exclusive_tax=sum(tax.amount for tax in taxes if tax.tax_behavior == "exclusive"),
        period_start=instant(line.period.start),
        period_end=instant(line.period.end),
        proration=_is_proration(line),
        usage_cycle=int(cycle) if cycle.isdecimal() else None,
    )


def _is_proration(line: stripe.InvoiceLineItem) -> bool:
    parent = line.parent
    details = parent and (parent.invoice_item_details or parent.subscription_item_details)
    return bool(details and details.proration)


def _waits_for_payer(payment: stripe.InvoicePayment) -> bool:
    """Where the payment intent was fetched along: its bank asks the payer (3-D Secure)."""
    intent = getattr(payment.payment, "payment_intent", None)
    return isinstance(intent, stripe.PaymentIntent) and intent.status == "requires_action"


def _payment(payment: stripe.InvoicePayment) -> PaymentFacts:
    return PaymentFacts(
        id=payment.id,
        payment_intent=id_of(getattr(payment.payment, "payment_intent", None)),  # absent where something else paid
        state=payment.status,
        currency=payment.currency.upper(),
        amount=payment.amount_paid or 0,
        paid_at=when(payment.status_transitions.paid_at),
    )
