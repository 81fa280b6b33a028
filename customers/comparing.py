"""Subscriptions, invoices, refunds, credit notes and disputes as the nightly comparison with Stripe takes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import F, QuerySet

from customers import sync
from customers.models import CreditNote, Dispute, Invoice, Refund, Subscription
from ondemand.comparing import Kind, Values
from ondemand.gateway import credit_notes, disputes, invoices, refunds, subscriptions


def _subscriptions() -> QuerySet[Subscription]:
    return Subscription.objects.annotate(price=F("plan__stripe_base_price"))


def _live_subscriptions() -> QuerySet[Subscription]:
    return Subscription.objects.live()


def _unfinished_invoices() -> QuerySet[Invoice]:
    return Invoice.objects.filter(state__in=[Invoice.State.DRAFT, Invoice.State.OPEN, Invoice.State.UNCOLLECTIBLE])


def _unfinished_refunds() -> QuerySet[Refund]:
    return Refund.objects.filter(state__in=[Refund.State.PENDING, Refund.State.REQUIRES_ACTION])


def _issued_notes() -> QuerySet[CreditNote]:
    return CreditNote.objects.filter(state=CreditNote.State.ISSUED)


def _unfinished_disputes() -> QuerySet[Dispute]:
    return Dispute.objects.exclude(state__in=[Dispute.State.WARNING_CLOSED, Dispute.State.PREVENTED])


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
        fields=("number", "state", "subtotal", "tax", "total", "due", "paid", "remaining", "paid_outside", "paid_at"),
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
    Kind(
        "credit note",
        fields=("amount", "before_payment", "after_payment", "refunds", "state"),
        rows=CreditNote.objects.all,
        unfinished=_issued_notes,
        listed=credit_notes.credit_notes_since,
        fetch=credit_notes.fetch_credit_note,
        mend=_sync("credit_note"),
        alarms=_never,
    ),
    Kind(
        "dispute",
        fields=("amount", "withdrawn", "state"),
        rows=Dispute.objects.all,
        unfinished=_unfinished_disputes,
        listed=disputes.disputes_since,
        fetch=disputes.fetch_dispute,
        mend=_sync("dispute"),
        alarms=_never,
    ),
)
