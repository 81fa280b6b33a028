"""Refunds as they stand at Stripe now, and giving back. Amounts in minor units, instants in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import stripe

from ondemand.clock import instant
from ondemand.gateway.client import id_of, stripe_call


@dataclass(frozen=True)
class RefundFacts:
    id: str
    payment_intent: str
    currency: str
    amount: int
    state: str
    created_at: datetime


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
