"""What a cycle costs so far: Stripe's preview of the invoice that will follow, fetched by a job and kept in a row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from customers.invoicing import prices_at_stripe
from customers.models import InvoiceLine, PlanChange, Subscription, UpcomingInvoice
from ondemand.backoff import next_try
from ondemand.gateway.errors import GatewayError, NotFound
from ondemand.gateway.invoices import LineFacts, PreviewFacts, preview_invoice
from ondemand.gateway.plans import preview_price
from ondemand.gateway.subscriptions import fetch_subscription
from ondemand.tenancy.context import as_worker

LEASE = timedelta(seconds=90)
USUAL = timedelta(hours=6)
NOTHING = PreviewFacts(subtotal=0, discount=0, tax=0, total=0, due=0, lines=[])


def want(subscription: str, *, now: datetime) -> None:
    """By its id at Stripe: something changed, so look again soon, unless it has ended. The caller opens the scope."""
    its = UpcomingInvoice.objects.filter(subscription__stripe_id=subscription)
    its.filter(subscription__state__in=Subscription.ENDED).delete()
    its.update(next_look_at=now)


def look(subscription_id: int, *, now: datetime) -> bool:
    """Fetch the preview and write it, unless another is at it. False where Stripe gave no answer."""
    claimed = _claim(subscription_id, now)
    if claimed is None:
        return True
    try:
        facts = _preview(claimed.subscription) or NOTHING
    except NotFound:
        facts = NOTHING
    except GatewayError:
        tries = min(claimed.tries + 1, 1000)
        _write(claimed, tries=tries, next_look_at=next_try(now, tries))
        return False
    _write(claimed, **_written(facts), fetched_at=now, tries=0, next_look_at=now + USUAL)
    return True


def _preview(subscription: Subscription) -> PreviewFacts | None:
    """With the plan that is to come."""
    with as_worker():
        to_come = PlanChange.objects.open().filter(subscription=subscription, prorated=False)
        price = to_come.values_list("to_plan__stripe_base_price", flat=True).first()
    if price is None:
        return preview_invoice(subscription.stripe_id)
    return preview_price(fetch_subscription(subscription.stripe_id), price=price, prorated_from=None)


def _claim(subscription_id: int, now: datetime) -> UpcomingInvoice | None:
    with as_worker():
        waiting = Subscription.objects.to_preview(now).select_related("plan")
        subscription = waiting.filter(pk=subscription_id).first()
        if subscription is None:
            return None
        new = UpcomingInvoice(
            partner_id=subscription.partner_id,
            customer_id=subscription.customer_id,
            subscription=subscription,
            currency=subscription.plan.currency,
            next_look_at=now,
        )
        UpcomingInvoice.objects.bulk_create([new], ignore_conflicts=True)
        mine = UpcomingInvoice.objects.filter(subscription=subscription)
        if not mine.filter(next_look_at__lte=now).update(next_look_at=now + LEASE):
            return None
        return mine.select_related("subscription").get()


def _write(claimed: UpcomingInvoice, *, next_look_at: datetime, **values: Any) -> None:
    """A wish that came meanwhile stands: it may be about what this look has not seen."""
    with as_worker():
        mine = UpcomingInvoice.objects.filter(pk=claimed.pk)
        mine.update(**values)
        mine.filter(next_look_at=claimed.next_look_at).update(next_look_at=next_look_at)


def _written(facts: PreviewFacts) -> dict[str, Any]:
    return vars(facts) | {"lines": _lines(facts.lines)}


def _lines(lines: list[LineFacts]) -> list[dict[str, Any]]:
    with as_worker():
        known = prices_at_stripe([line.price for line in lines])
    return [
        {
            "text": line.description[:500],
            "meter": known[line.price][1] if line.price in known and not line.proration else InvoiceLine.Meter.OTHER,
            "quantity": line.quantity,
            "amount": line.amount,
            "starts": int(line.period_start.timestamp()),
            "ends": int(line.period_end.timestamp()),
        }
        for line in lines
    ]
