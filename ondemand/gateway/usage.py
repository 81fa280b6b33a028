"""Pending invoice items: what was used in a cycle, taken in by the subscription's next invoice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import stripe

from ondemand.gateway.client import id_of, stripe_call
from ondemand.gateway.errors import NotFound
from ondemand.gateway.invoices import USAGE_CYCLE


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


def create_item(
    *,
    customer: str,
    subscription: str,
    price: str,
    quantity: int,
    starts: datetime,
    ends: datetime,
    cycle_id: int,
    description: str,
    key: str,
) -> ItemFacts:
    params: stripe.params.InvoiceItemCreateParams = {
        "customer": customer,
        "subscription": subscription,
        "pricing": {"price": price},
        "quantity": quantity,
        "period": {"start": int(starts.timestamp()), "end": int(ends.timestamp())},
        "description": description,
        "metadata": {USAGE_CYCLE: str(cycle_id)},
    }
    with stripe_call() as client:
        return _item(client.v1.invoice_items.create(params, {"idempotency_key": key}))


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


def _item(item: stripe.InvoiceItem) -> ItemFacts:
    invoice = item.invoice
    state = "" if invoice is None or isinstance(invoice, str) else invoice.status or "draft"
    return ItemFacts(item.id, item.quantity, id_of(invoice), state)
