"""What Stripe says of customers' cards, subscriptions and invoices, fetched again and written by Stripe's ids.

Callers hold the object's lock and the worker's transaction (see the inbox).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db.models import Min

from customers import cancelling, planning, upcoming
from customers.corrections import sync_credit_note, sync_dispute, sync_refund
from customers.invoicing import upsert, write_invoice
from customers.models import Customer, Invoice, Subscription
from customers.states import must_know_state
from customers.totals import recount
from ondemand.gateway import checkout, invoices, subscriptions
from ondemand.gateway.errors import NotFound
from ondemand.inbox import NotYetKnown
from partners.models import Plan

# Of a subscription, and not Stripe's.
OURS = ("next_payment_attempt", "grace_days", "exempt_until", "exempt_reason", "card_warned")
KINDS = ("customer", "subscription", "invoice", "refund", "credit_note", "dispute")


def sync(kind: str, stripe_id: str, now: datetime) -> None:
    """Fetch one object and write it. Raises NotYetKnown where its customer or invoice is not here yet."""
    of_kind: dict[str, Callable[[str], None]] = {
        "subscription": partial(sync_subscription, now=now),
        "customer": sync_customer,
        "invoice": sync_invoice,
        "refund": sync_refund,
        "credit_note": sync_credit_note,
        "dispute": partial(sync_dispute, now=now),
    }
    of_kind[kind](stripe_id)
    if kind == "subscription":
        cancelling.agree(stripe_id, now=now)
        upcoming.want(stripe_id, now=now)


def sync_customer(stripe_id: str) -> None:
    """The balance; and a card that was changed at the portal becomes the subscriptions' own, and pays what is open.

    The portal opens for our customers alone: of a sign-up that was not finished there is nothing to wait for.
    """
    customer = Customer.objects.filter(stripe_id=stripe_id, erased_at=None).first()
    if customer is None:
        return
    facts = checkout.fetch_customer(stripe_id)
    Customer.objects.filter(pk=customer.pk).update(balance=facts.balance)
    if facts.card:
        _use_card(customer, facts.card)


def _use_card(customer: Customer, card: str) -> None:
    for subscription in Subscription.objects.live().filter(customer=customer):
        checkout.use_card(subscription.stripe_id, card)
    for invoice in Invoice.objects.unpaid().filter(customer_id=customer.pk):
        checkout.pay_invoice(invoice.stripe_id, card)


def sync_subscription(stripe_id: str, now: datetime) -> None:
    facts = subscriptions.fetch_subscription(stripe_id)
    customer = _customer(facts.customer)
    write_subscription(customer, facts, now=now)
    recount(customer)


def write_subscription(customer: Customer, facts: subscriptions.SubscriptionFacts, *, now: datetime) -> Subscription:
    plan = Plan.objects.filter(stripe_base_price=facts.price).first()
    if plan is None:
        raise NotYetKnown(f"no plan has the price {facts.price}")
    must_know_state(Subscription, facts)
    known = Subscription.objects.filter(partner_id=customer.partner_id, stripe_id=facts.id)
    for before in known.exclude(plan=plan).select_related("customer", "plan"):
        planning.found(before, plan, now=now)
    row = Subscription(
        partner_id=customer.partner_id,
        stripe_id=facts.id,
        customer=customer,
        product_id=plan.product_id,
        plan=plan,
        state=facts.state,
        started_at=facts.started_at,
        anchor=facts.anchor,
        period_start=facts.period_start,
        period_end=facts.period_end,
        cancel_at=facts.cancel_at,
        ended_at=facts.ended_at,
        card_brand="" if customer.erased_at else facts.card_brand,
        card_last4="" if customer.erased_at else facts.card_last4,
        card_ends=None if customer.erased_at else facts.card_ends,
    )
    return upsert(Subscription, [row], but=OURS)[0]


def sync_invoice(stripe_id: str) -> None:
    """An invoice with its lines and payments. A draft that Stripe deleted becomes void here."""
    try:
        facts = invoices.fetch_invoice(stripe_id)
    except NotFound:
        Invoice.objects.filter(stripe_id=stripe_id).update(state=Invoice.State.VOID)
        return
    customer = _customer(facts.customer)
    write_invoice(customer, facts)
    unpaid = Invoice.objects.filter(subscription_stripe_id=facts.subscription, state=Invoice.State.OPEN)
    next_attempt = unpaid.aggregate(at=Min("next_attempt_at"))["at"]
    Subscription.objects.filter(stripe_id=facts.subscription).update(next_payment_attempt=next_attempt)
    recount(customer)


def _customer(stripe_id: str) -> Customer:
    customer = Customer.objects.filter(stripe_id=stripe_id).first()
    if customer is None:
        raise NotYetKnown(f"no customer is {stripe_id}")
    return customer
