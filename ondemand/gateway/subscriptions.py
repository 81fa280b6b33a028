"""Subscriptions as they stand at Stripe now, and their end at once. Instants in UTC."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import stripe

from ondemand.clock import instant
from ondemand.gateway.client import id_of, metadata_of, stripe_call, when
from ondemand.gateway.errors import Refused
from ondemand.gateway.refunds import refund

CARD = ["default_payment_method", "customer.invoice_settings.default_payment_method"]
ENDED = ("canceled", "incomplete_expired")
GIVEN_BACK = ("charge_already_refunded", "charge_disputed")


@dataclass(frozen=True)
class SubscriptionFacts:
    id: str
    customer: str
    state: str
    item: str
    price: str
    quantity: int
    started_at: datetime
    anchor: datetime
    period_start: datetime
    period_end: datetime
    cancel_at: datetime | None
    ended_at: datetime | None
    card_brand: str
    card_last4: str
    card_ends: date | None
    signup: str


def fetch_subscription(id: str) -> SubscriptionFacts:
    with stripe_call() as client:
        return _subscription(client.v1.subscriptions.retrieve(id, {"expand": CARD}))


def subscriptions_since(since: datetime | None) -> Iterator[SubscriptionFacts]:
    """All that were created at or after an instant, in any state; None: all there are."""
    params: stripe.params.SubscriptionListParams = {
        "status": "all",
        "limit": 100,
        "expand": [f"data.{each}" for each in CARD],
    }
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    with stripe_call() as client:
        yield from map(_subscription, client.v1.subscriptions.list(params).auto_paging_iter())


def _subscription(found: stripe.Subscription) -> SubscriptionFacts:
    item, card = found["items"].data[0], _card(found)
    return SubscriptionFacts(
        id=found.id,
        customer=id_of(found.customer),
        state=found.status,
        item=item.id,
        price=item.price.id,
        quantity=item.quantity or 1,
        started_at=instant(found.start_date),
        anchor=instant(found.billing_cycle_anchor),
        period_start=instant(item.current_period_start),
        period_end=instant(item.current_period_end),
        cancel_at=when(found.cancel_at),
        ended_at=when(found.ended_at),
        card_brand=card.brand if card else "",
        card_last4=(card and card.last4) or "",
        card_ends=_last_day(card.exp_year, card.exp_month) if card else None,
        signup=metadata_of(found.metadata).get("signup", ""),
    )


def _card(found: stripe.Subscription) -> stripe.PaymentMethod.Card | None:
    """What pays the next invoice: the subscription's own, or the customer's."""
    settings = found.customer.invoice_settings if isinstance(found.customer, stripe.Customer) else None
    method = found.default_payment_method or (settings and settings.default_payment_method)
    return getattr(method, "card", None) if isinstance(method, stripe.PaymentMethod) else None


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def cancel_subscription(id: str, *, key: str) -> None:
    """End it at once, with neither a last invoice nor a proration."""
    with stripe_call() as client:
        client.v1.subscriptions.cancel(id, {"invoice_now": False, "prorate": False}, {"idempotency_key": key})


def undo_subscription(id: str, *, key: str, signup: str) -> None:
    """End it at once and give back every payment that was made on it. May be repeated under its key, at any time."""
    with stripe_call() as client:
        if client.v1.subscriptions.retrieve(id).status not in ENDED:
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
