"""What Stripe has, compared with what the partners' screens export, to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import stripe

from tests.stranger.portal import Row, Zone

ISSUED = ("open", "paid", "uncollectible")


def cents(text: str) -> int:
    return int(Decimal(text).scaleb(2))


def disagreements(zone: Zone) -> list[str]:
    """In words."""
    v1 = zone.stripe.v1
    customers = zone.exported("/customers/")
    invoices = [each for each in v1.invoices.list({"limit": 100}).auto_paging_iter() if each.status in ISSUED]
    live = [each for each in v1.subscriptions.list({"status": "all", "limit": 100}).auto_paging_iter() if _lives(each)]
    transfers = {each.id: each.amount for each in v1.transfers.list({"limit": 100}).auto_paging_iter()}
    sent = {row["reference"]: cents(row["amount"]) for row in zone.exported("/payments/") if row["reference"]}
    at_stripe = {each.id: each for each in v1.customers.list({"limit": 100}).auto_paging_iter()}
    payers = [at_stripe[str(each.customer)].name for each in live]
    found = [
        *_of_customers(at_stripe, customers, invoices),
        *_of_instances(zone, customers, payers),
        *_of_refunds(zone),
    ]
    if transfers != sent:
        found.append(f"transfers {transfers} are not the payments {sent}")
    return [f"{zone.name}: {words}" for words in found]


def _lives(subscription: stripe.Subscription) -> bool:
    return subscription.status != "canceled"


def _of_instances(zone: Zone, customers: list[Row], payers: list[str | None]) -> Iterator[str]:
    """One for each live subscription; what has ended is kept for a while, and listed."""
    instances = zone.exported("/instances/")
    if len(instances) != sum(int(row["instances"]) for row in customers):
        yield f"{len(instances)} instances are listed"
    if len(payers) != sum(row["customer"] in payers for row in instances):
        yield f"{len(payers)} live subscriptions"


def _of_customers(
    at_stripe: dict[str, stripe.Customer], customers: list[Row], invoices: list[stripe.Invoice]
) -> Iterator[str]:
    for row in customers:
        mine = [each for each in invoices if at_stripe[str(each.customer)].email == row["email"]]
        if sum(each.total for each in mine) != cents(row["invoiced"]):
            yield f"{row['customer']}: invoiced {row['invoiced']}"
        if sum(each.amount_paid for each in mine) != cents(row["paid"]):
            yield f"{row['customer']}: paid {row['paid']}"
        if {each.name for each in at_stripe.values() if each.email == row["email"]} != {row["customer"]}:
            yield f"{row['customer']}: another name at Stripe"


def _of_refunds(zone: Zone) -> Iterator[str]:
    """Of an invoice that was refunded alone, the same share of its commission went back; each line rounds by itself."""
    rows = zone.exported("/commissions/")
    earned, reversed, lines = defaultdict[str, int](int), defaultdict[str, int](int), defaultdict[str, int](int)
    for row in rows:
        (earned if row["kind"] == "earning" else reversed)[row["invoice"]] += cents(row["amount"])
        lines[row["invoice"]] += row["kind"] == "earning"
    for invoice, refunded in _refunded(zone):
        due = earned[invoice.id] * refunded / invoice.total
        if abs(due + reversed[invoice.id]) > lines[invoice.id]:
            yield f"{invoice.number}: {refunded} refunded, {-reversed[invoice.id]} of {earned[invoice.id]} went back"


def _refunded(zone: Zone) -> list[tuple[stripe.Invoice, int]]:
    v1, intents = zone.stripe.v1, defaultdict[str, int](int)
    for refund in v1.refunds.list({"limit": 100}).auto_paging_iter():
        if refund.status == "succeeded":
            intents[str(refund.payment_intent)] += refund.amount
    found: list[tuple[stripe.Invoice, int]] = []
    for intent, amount in intents.items():
        paid_by: Any = {"type": "payment_intent", "payment_intent": intent}
        for payment in v1.invoice_payments.list({"payment": paid_by}).data:
            found.append((v1.invoices.retrieve(str(payment.invoice)), amount))
    return [(invoice, amount) for invoice, amount in found if not invoice.post_payment_credit_notes_amount]
