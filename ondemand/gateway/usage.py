"""Pending invoice items: what was used in a cycle, taken in by the subscription's next invoice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import stripe

from ondemand.clock import instant
from ondemand.gateway.client import id_of, metadata_of, stripe_call
from ondemand.gateway.errors import NotFound
from ondemand.gateway.invoices import USAGE_CYCLE
from ondemand.gateway.subscriptions import ENDED

PUSH = "push"  # the metadata's name for the key of the call that made the item


@dataclass(frozen=True)
class ItemFacts:
    """`invoice` is empty while the item is pending; `invoice_state` is then empty too."""

    id: str
    quantity: int
    invoice: str
    invoice_state: str

    @property
    def taken(self) -> bool:
        """On an invoice that is final: what comes later is an item of the next."""
        return self.invoice_state not in ("", "draft")


@dataclass(frozen=True)
class Standing:
    """Where a subscription's billing stands: since when its cycle runs, and its newest invoice while that is a draft
    which will be finalised."""

    cycle_start: datetime
    draft: str
    ended: bool


def standing(subscription: str) -> Standing:
    with stripe_call() as client:
        found = client.v1.subscriptions.retrieve(subscription, {"expand": ["latest_invoice"]})
    newest = found.latest_invoice
    draft = isinstance(newest, stripe.Invoice) and newest.status == "draft" and newest.auto_advance
    return Standing(
        cycle_start=instant(found["items"].data[0].current_period_start),
        draft=id_of(newest) if draft else "",
        ended=found.status in ENDED,
    )


def create_item(
    *,
    customer: str,
    subscription: str,
    invoice: str,
    price: str,
    quantity: int,
    starts: datetime,
    ends: datetime,
    cycle_id: int,
    description: str,
    push: str,
) -> ItemFacts:
    """On a draft `invoice`, or pending for the next of `subscription`; of the two one may be empty.

    `push` says which call made it, for good: Stripe forgets idempotency keys after a day.
    """
    params: stripe.params.InvoiceItemCreateParams = {
        "customer": customer,
        "pricing": {"price": price},
        "quantity": quantity,
        "period": {"start": int(starts.timestamp()), "end": int(ends.timestamp())},
        "description": description,
        "metadata": {USAGE_CYCLE: str(cycle_id), PUSH: push},
    }
    if subscription:
        params["subscription"] = subscription
    if invoice:
        params["invoice"] = invoice
    with stripe_call() as client:
        return _item(client.v1.invoice_items.create(params, {"idempotency_key": f"{push}-{invoice or 'next'}"}))


def change_item(id: str, *, quantity: int, key: str) -> ItemFacts:
    """Of an item that is pending or on a draft; Stripe refuses it on a final invoice."""
    with stripe_call() as client:
        return _item(client.v1.invoice_items.update(id, {"quantity": quantity}, {"idempotency_key": key}))


def pending_items() -> Iterator[ItemFacts]:
    """All that wait for an invoice."""
    with stripe_call() as client:
        found = client.v1.invoice_items.list({"pending": True, "limit": 100})
        yield from map(_item, found.auto_paging_iter())


def fetch_item(id: str) -> ItemFacts | None:
    """None where Stripe has none, as after its draft invoice was deleted."""
    try:
        with stripe_call() as client:
            return _item(client.v1.invoice_items.retrieve(id, {"expand": ["invoice"]}))
    except NotFound:
        return None


def find_item(*, customer: str, push: str, since: datetime) -> ItemFacts | None:
    """What the call of this `push` has made, wherever it is by now."""
    params: stripe.params.InvoiceItemListParams = {
        "customer": customer,
        "created": {"gte": int(since.timestamp())},
        "limit": 100,
        "expand": ["data.invoice"],
    }
    with stripe_call() as client:
        for item in client.v1.invoice_items.list(params).auto_paging_iter():
            if metadata_of(item.metadata).get(PUSH) == push:
                return _item(item)
    return None


def _item(item: stripe.InvoiceItem) -> ItemFacts:
    invoice = item.invoice
    state = "" if invoice is None or isinstance(invoice, str) else invoice.status or "draft"
    return ItemFacts(item.id, item.quantity, id_of(invoice), state)
