"""Subscriptions, invoices and refunds as they stand at Stripe now. Amounts in minor units, instants in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import stripe

from ondemand.clock import instant
from ondemand.gateway.client import id_of, metadata_of, stripe_call
from ondemand.gateway.errors import Refused

GIVEN_BACK = ("charge_already_refunded", "charge_disputed")
USAGE_CYCLE = "usage_cycle"  # the metadata's name for the id of our cycle's row


@dataclass(frozen=True)
class SubscriptionFacts:
    id: str
    customer: str
    state: str
    price: str
    started_at: datetime
    anchor: datetime
    period_start: datetime
    period_end: datetime
    cancel_at: datetime | None
    ended_at: datetime | None
    signup: str


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
    created_at: datetime
    effective_at: datetime | None
    paid_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    page_url: str
    pdf_url: str
    lines: list[LineFacts]
    payments: list[PaymentFacts]


@dataclass(frozen=True)
class RefundFacts:
    id: str
    payment_intent: str
    currency: str
    amount: int
    state: str
    created_at: datetime


def fetch_subscription(id: str) -> SubscriptionFacts:
    with stripe_call() as client:
        return _subscription(client.v1.subscriptions.retrieve(id))


def subscriptions_since(since: datetime | None) -> Iterator[SubscriptionFacts]:
    """All that were created at or after an instant, in any state; None: all there are."""
    params: stripe.params.SubscriptionListParams = {"status": "all", "limit": 100}
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    with stripe_call() as client:
        yield from map(_subscription, client.v1.subscriptions.list(params).auto_paging_iter())


def _subscription(found: stripe.Subscription) -> SubscriptionFacts:
    item = found["items"].data[0]
    return SubscriptionFacts(
        id=found.id,
        customer=id_of(found.customer),
        state=found.status,
        price=item.price.id,
        started_at=instant(found.start_date),
        anchor=instant(found.billing_cycle_anchor),
        period_start=instant(item.current_period_start),
        period_end=instant(item.current_period_end),
        cancel_at=_when(found.cancel_at),
        ended_at=_when(found.ended_at),
        signup=metadata_of(found.metadata).get("signup", ""),
    )


def cancel_subscription(id: str, *, key: str) -> None:
    """End it at once, with neither a last invoice nor a proration."""
    with stripe_call() as client:
        client.v1.subscriptions.cancel(id, {"invoice_now": False, "prorate": False}, {"idempotency_key": key})


def undo_subscription(id: str, *, key: str, signup: str) -> None:
    """End it at once and give back every payment that was made on it. May be repeated under its key, at any time."""
    with stripe_call() as client:
        if client.v1.subscriptions.retrieve(id).status not in ("canceled", "incomplete_expired"):
            cancel_subscription(id, key=f"{key}-cancel")
        invoices = client.v1.invoices.list({"subscription": id, "expand": ["data.payments"]})
        for invoice in invoices.auto_paging_iter():
            for payment in invoice.payments.data if invoice.payments else []:
                if payment.status == "paid":
                    intent = id_of(payment.payment.payment_intent)
                    _give_back(intent, key=f"{key}-refund-{payment.id}", signup=signup)


def _give_back(payment_intent: str, *, key: str, signup: str) -> None:
    """All that is left of a payment. Stripe forgets keys after a day, but not that nothing is left."""
    try:
        refund(payment_intent=payment_intent, amount=None, key=key, signup=signup)
    except Refused as error:
        if error.code not in GIVEN_BACK:
            raise


def fetch_invoice(id: str) -> InvoiceFacts:
    with stripe_call() as client:
        found = client.v1.invoices.retrieve(id, {"expand": ["payments"]})
        lines = list(found.lines.data)
        if found.lines.has_more:
            lines = list(client.v1.invoices.line_items.list(id, {"limit": 100}).auto_paging_iter())
        return _invoice(found, lines)


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
        created_at=instant(found.created),
        effective_at=_when(found.effective_at),
        paid_at=_when(paid_at),
        attempts=found.attempt_count,
        next_attempt_at=_when(found.next_payment_attempt),
        page_url=found.hosted_invoice_url or "",
        pdf_url=found.invoice_pdf or "",
        lines=[_line(line) for line in lines],
        payments=[_payment(each) for each in (found.payments.data if found.payments else [])],
    )


def _subscription_of(invoice: stripe.Invoice) -> str:
    details = invoice.parent.subscription_details if invoice.parent else None
    return id_of(details.subscription) if details else ""


def _line(line: stripe.InvoiceLineItem) -> LineFacts:
    price = line.pricing.price_details.price if line.pricing and line.pricing.price_details else None
    taxes = line.taxes or []
    cycle = metadata_of(line.metadata).get(USAGE_CYCLE, "")
    return LineFacts(
        id=line.id,
        description=line.description or "",
        price=id_of(price),
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


def _payment(payment: stripe.InvoicePayment) -> PaymentFacts:
    return PaymentFacts(
        id=payment.id,
        payment_intent=id_of(payment.payment.payment_intent),
        state=payment.status,
        currency=payment.currency.upper(),
        amount=payment.amount_paid or 0,
        paid_at=_when(payment.status_transitions.paid_at),
    )


def fetch_refund(id: str) -> RefundFacts:
    with stripe_call() as client:
        return _refund(client.v1.refunds.retrieve(id))


def refunds_since(since: datetime | None) -> Iterator[RefundFacts]:
    params: stripe.params.RefundListParams = {"limit": 100}
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    with stripe_call() as client:
        yield from map(_refund, client.v1.refunds.list(params).auto_paging_iter())


def refund(
    *,
    payment_intent: str,
    amount: int | None,
    key: str,
    reason: Literal["duplicate", "requested_by_customer"] = "requested_by_customer",
    signup: str = "",
) -> RefundFacts:
    """Give back `amount` minor units of a payment, or all that is left of it. `signup`: what is undone by it."""
    params: stripe.params.RefundCreateParams = {"payment_intent": payment_intent, "reason": reason}
    if amount is not None:
        params["amount"] = amount
    if signup:
        params["metadata"] = {"signup": signup}
    with stripe_call() as client:
        return _refund(client.v1.refunds.create(params, {"idempotency_key": key}))


def _refund(found: stripe.Refund) -> RefundFacts:
    return RefundFacts(
        id=found.id,
        payment_intent=id_of(found.payment_intent),
        currency=found.currency.upper(),
        amount=found.amount,
        state=found.status or "pending",
        created_at=instant(found.created),
    )


def _when(timestamp: int | None) -> datetime | None:
    return None if timestamp is None else instant(timestamp)
