"""Disputes as they stand at Stripe now. Amounts in minor units, instants in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import stripe

from ondemand.clock import instant
from ondemand.gateway.client import id_of, stripe_call, when
from ondemand.money import divide


@dataclass(frozen=True)
class DisputeFacts:
    """`withdrawn`: what was taken of our balance for it, less what was given back, without fees, in its currency."""

    id: str
    payment_intent: str
    currency: str
    amount: int
    withdrawn: int
    reason: str
    state: str
    answer_by: datetime | None
    created_at: datetime


def fetch_dispute(id: str) -> DisputeFacts:
    with stripe_call() as client:
        return _dispute(client.v1.disputes.retrieve(id))


def disputes_since(since: datetime | None) -> Iterator[DisputeFacts]:
    params: stripe.params.DisputeListParams = {"limit": 100}
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    with stripe_call() as client:
        yield from map(_dispute, client.v1.disputes.list(params).auto_paging_iter())


def _dispute(found: stripe.Dispute) -> DisputeFacts:
    return DisputeFacts(
        id=found.id,
        payment_intent=id_of(found.payment_intent),
        currency=found.currency.upper(),
        amount=found.amount,
        withdrawn=_withdrawn(found),
        reason=found.reason,
        state=found.status,
        answer_by=when(found.evidence_details.due_by),
        created_at=instant(found.created),
    )


def _withdrawn(dispute: stripe.Dispute) -> int:
    """Our balance may be kept in another currency than the card was charged in: then the same share of the amount."""
    moved = dispute.balance_transactions
    taken = -sum(each.amount for each in moved if each.amount < 0)
    left = taken - sum(each.amount for each in moved if each.amount > 0)
    if all(each.currency == dispute.currency for each in moved):
        return max(left, 0)
    return divide(dispute.amount * max(left, 0), taken) if taken else 0
