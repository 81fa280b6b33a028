"""Subscriptions, invoices and refunds as the nightly comparison with Stripe takes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import F, QuerySet

from customers import sync
from customers.models import Invoice, Refund, Subscription
from ondemand.comparing import Kind, Values
from ondemand.gateway import invoices, refunds, subscriptions


def _subscriptions() -> QuerySet[Subscription]:
    return Subscription.objects.annotate(price=F("plan__stripe_base_price"))


def _live_subscriptions() -> QuerySet[Subscription]:
    return Subscription.objects.live()


def _unfinished_invoices() -> QuerySet[Invoice]:
    return Invoice.objects.filter(state__in=[Invoice.State.DRAFT, Invoice.State.OPEN, Invoice.State.UNCOLLECTIBLE])


def _unfinished_refunds() -> QuerySet[Refund]:
    return Refund.objects.filter(state__in=[Refund.State.PENDING, Refund.State.REQUIRES_ACTION])


def _is_live(subscription: Values) -> bool:
    """Of a sign-up that was refused one is left at Stripe, ended and given back: nobody misses it."""
    return subscription["ended_at"] is None


def _never(values: Values) -> bool:
    """It hangs on a subscription, which is told of already."""
    return False


def _sync(kind: str) -> Callable[[str, datetime], None]:
    return lambda stripe_id, now: sync.sync(kind, stripe_id, now)


COMPARED = (
    Kind(
        "subscription",
        fields=("state", "price", "period_start", "period_end", "cancel_at", "ended_at"),
        rows=_subscriptions,
        unfinished=_live_subscriptions,
        listed=subscriptions.subscriptions_since,
        fetch=subscriptions.fetch_subscription,
        mend=_sync("subscription"),
        alarms=_is_live,
    ),
    Kind(
        "invoice",
        fields=("number", "state", "subtotal", "tax", "total", "due", "paid", "remaining", "paid_at"),
        rows=Invoice.objects.all,
        unfinished=_unfinished_invoices,
        listed=invoices.invoices_since,
        fetch=invoices.fetch_invoice,
        mend=_sync("invoice"),
        alarms=_never,
    ),
    Kind(
        "refund",
        fields=("amount", "state"),
        rows=Refund.objects.all,
        unfinished=_unfinished_refunds,
        listed=refunds.refunds_since,
        fetch=refunds.fetch_refund,
        mend=_sync("refund"),
        alarms=_never,
    ),
)
