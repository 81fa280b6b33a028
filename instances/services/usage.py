"""Telling Stripe what was used: one pending invoice item per instance, meter and cycle, raised with its peak.

The key and the quantity are committed before a call, so that a call whose answer was lost is repeated
under its key and nothing is billed twice. What comes after an invoice is final is an item of the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, Subquery

from customers.models import Customer
from instances.models import Instance, UsageCycle
from ondemand.backoff import next_try
from ondemand.gateway import usage
from ondemand.gateway.errors import GatewayError, Refused
from ondemand.tenancy.context import as_worker

LEASE = timedelta(seconds=90)
PRICES = {
    UsageCycle.Meter.USERS: "stripe_user_price",
    UsageCycle.Meter.TERMINALS: "stripe_terminal_price",
    UsageCycle.Meter.DISK: "stripe_gb_price",
}
CALLED = {
    "customer_at_stripe": Subquery(Customer.objects.filter(pk=OuterRef("customer_id")).values("stripe_id")),
    "instance_name": Subquery(Instance.objects.filter(pk=OuterRef("instance_id")).values("name")),
}


@dataclass(frozen=True)
class Push:
    """A call that is about to be made; it stands in the row."""

    cycle: UsageCycle
    customer: str
    price: str
    name: str

    @property
    def quantity(self) -> int:
        return self.cycle.push_quantity - self.cycle.settled


def push(cycle_id: int, *, now: datetime) -> bool:
    """Bring Stripe's item up to the cycle's peak. True where there is nothing more to say."""
    for _ in range(3):
        claimed = _claim(cycle_id, now)
        if claimed is None:
            return True
        try:
            item = _call(claimed)
        except GatewayError as error:
            _postpone(claimed.cycle, error, now)
            return False
        if item is None:
            _settle(claimed.cycle, now)
        elif _record(claimed.cycle, item, now):
            return True
    return False


def _claim(cycle_id: int, now: datetime) -> Push | None:
    with as_worker():
        waiting = UsageCycle.objects.to_push(now).select_for_update(skip_locked=True, of=("self",))
        cycle = waiting.select_related("plan").annotate(**CALLED).filter(pk=cycle_id).first()
        if cycle is None:
            return None
        if not cycle.push_key:
            cycle.pushes += 1
            cycle.push_key, cycle.push_quantity = f"usage-{cycle.pk}-{cycle.pushes}", cycle.billable
        cycle.next_try_at = now + LEASE
        cycle.save(update_fields=["pushes", "push_key", "push_quantity", "next_try_at"])
        price = getattr(cycle.plan, PRICES[UsageCycle.Meter(cycle.meter)])
        called: Any = cycle
        return Push(cycle, called.customer_at_stripe, price, called.instance_name or "")


def _call(push: Push) -> usage.ItemFacts | None:
    """None where the item is on a final invoice, so that the difference needs an item of its own."""
    cycle = push.cycle
    if cycle.item_id:
        item = usage.fetch_item(cycle.item_id)
        if item and item.taken:
            return None
        if item:
            return usage.change_item(item.id, quantity=push.quantity, key=cycle.push_key)
    return usage.create_item(
        customer=push.customer,
        subscription=cycle.subscription_stripe_id,
        price=push.price,
        quantity=push.quantity,
        starts=cycle.starts,
        ends=cycle.ends,
        cycle_id=cycle.pk,
        description=f"{push.name}: {cycle.get_meter_display()}",
        key=cycle.push_key,
    )


def _settle(cycle: UsageCycle, now: datetime) -> None:
    """What was pushed is invoiced for good; the rest begins a new item under a new key."""
    with as_worker():
        UsageCycle.objects.filter(pk=cycle.pk, push_key=cycle.push_key).update(
            settled=cycle.pushed, item_id="", push_key="", next_try_at=now
        )


def _record(cycle: UsageCycle, item: usage.ItemFacts, now: datetime) -> bool:
    """True unless the peak rose meanwhile."""
    with as_worker():
        UsageCycle.objects.filter(pk=cycle.pk, push_key=cycle.push_key).update(
            pushed=cycle.push_quantity, item_id=item.id, push_key="", tries=0, error="", next_try_at=now
        )
        return UsageCycle.objects.filter(pk=cycle.pk, billable=F("pushed")).exists()


def _postpone(cycle: UsageCycle, error: GatewayError, now: datetime) -> None:
    """A definite no is stored under its key at Stripe, so the next try takes a new one."""
    tries = cycle.tries + 1
    fresh = {"push_key": ""} if isinstance(error, Refused) else {}
    with as_worker():
        UsageCycle.objects.filter(pk=cycle.pk, push_key=cycle.push_key).update(
            tries=min(tries, 1000), next_try_at=next_try(now, tries), error=str(error)[:500], **fresh
        )
