"""When a subscription is to end: told to Stripe, and untold; and its end at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import stripe

from ondemand.clock import instant
from ondemand.gateway.client import id_of, stripe_call
from ondemand.gateway.subscriptions import ENDED


def set_end(subscription: str, at: datetime | None, *, key: str) -> None:
    """At the end of a cycle, so that nothing is prorated; None: it goes on."""
    params: stripe.params.SubscriptionUpdateParams = {
        "cancel_at": int(at.timestamp()) if at else "",
        "proration_behavior": "none",
    }
    with stripe_call() as client:
        client.v1.subscriptions.update(subscription, params, {"idempotency_key": key})


@dataclass(frozen=True)
class Bill:
    """What became of an invoice; `amount` in minor units."""

    number: str
    amount: int
    currency: str
    state: str
    page_url: str


class StillPending(Exception):
    """Invoice items of the subscription that no invoice took in."""


def end_now(subscription: str, *, key: str) -> None:
    """With an invoice of what was used and not billed; what is paid ahead stays paid. Raises StillPending."""
    with stripe_call() as client:
        found = client.v1.subscriptions.retrieve(subscription)
        if found.status not in ENDED:
            client.v1.subscriptions.cancel(
                subscription, {"invoice_now": True, "prorate": False}, {"idempotency_key": f"{key}-cancel"}
            )
        given: stripe.params.InvoiceItemListParams = {"customer": id_of(found.customer), "pending": True, "limit": 100}
        left = [
            item.id for item in client.v1.invoice_items.list(given).auto_paging_iter() if _is_of(item, subscription)
        ]
    if left:
        raise StillPending(f"No invoice took in {', '.join(left)}.")


def _is_of(item: stripe.InvoiceItem, subscription: str) -> bool:
    details = item.parent.subscription_details if item.parent else None
    return bool(details and id_of(details.subscription) == subscription)


def last_invoices(subscription: str, *, since: datetime) -> list[str]:
    """Those that are not final or not paid, and those that were made since then."""
    with stripe_call() as client:
        found = client.v1.invoices.list({"subscription": subscription, "limit": 100}).auto_paging_iter()
        return [each.id for each in found if each.status in ("draft", "open") or instant(each.created) >= since]


def settle_invoice(id: str, *, void: bool, key: str) -> Bill:
    """A draft is made final; what is open is void, or tried once more. May be repeated."""
    with stripe_call() as client:
        invoice = client.v1.invoices.retrieve(id)
        if invoice.status == "draft":
            invoice = client.v1.invoices.finalize_invoice(
                id, {"auto_advance": False}, {"idempotency_key": f"{key}-{id}-final"}
            )
        if invoice.status == "open" and void:
            invoice = client.v1.invoices.void_invoice(id, {}, {"idempotency_key": f"{key}-{id}-void"})
        elif invoice.status == "open":
            with suppress(stripe.CardError, stripe.InvalidRequestError):  # or no card is known: it stays open
                invoice = client.v1.invoices.pay(id, {}, {"idempotency_key": f"{key}-{id}-pay"})
    return Bill(
        number=invoice.number or "",
        amount=invoice.total,
        currency=invoice.currency.upper(),
        state=invoice.status or "",
        page_url=invoice.hosted_invoice_url or "",
    )
