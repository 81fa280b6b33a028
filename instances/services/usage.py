"""Telling Stripe what was used: one invoice item per instance, meter and cycle, raised with its peak.

The key and the quantity are committed before a call, so that a call whose answer was lost is looked for and
repeated, and nothing is billed twice. An item is made once Stripe is in its cycle, so that no earlier invoice takes
it in; on the draft of its own invoice where that waits, else pending. What comes after an invoice is final is an
item of the next, for the old cycle's days. A void invoice was final too: what was forgiven is not billed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery

from customers import upcoming
from customers.models import Customer
from instances.models import Instance, UsageCycle
from ondemand.backoff import next_try
from ondemand.gateway import usage
from ondemand.gateway.errors import GatewayError, Refused
from ondemand.gateway.usage import ItemFacts
from ondemand.tenancy.context import as_worker

LEASE = timedelta(seconds=90)
RENEWAL = timedelta(minutes=2)  # how long to wait for one that is due at Stripe
MOST_CALLS = 4
PRICES = {
    UsageCycle.Meter.USERS: "stripe_user_price",
    UsageCycle.Meter.TERMINALS: "stripe_terminal_price",
    UsageCycle.Meter.DISK: "stripe_gb_price",
}
CALLED = {
    "customer_at_stripe": Subquery(Customer.objects.filter(pk=OuterRef("customer_id")).values("stripe_id")),
    "instance_name": Subquery(Instance.objects.filter(pk=OuterRef("instance_id")).values("name")),
}


class NotBegun(Exception):
    """Stripe has not renewed the subscription yet: an item would go on the invoice of the cycle before."""


class Over(Exception):
    """The subscription has ended and its last invoice is final: there is none that could take an item in."""


@dataclass(frozen=True)
class Push:
    """A call that is about to be made; it stands in the row. `again`: somebody began it already, and was killed."""

    cycle: UsageCycle
    customer: str
    price: str
    name: str
    again: bool

    @property
    def quantity(self) -> int:
        return self.cycle.push_quantity - self.cycle.settled


def push(cycle_id: int, *, now: datetime) -> bool:
    """Bring Stripe's item up to the cycle's peak. True where there is nothing more to say."""
    for _ in range(MOST_CALLS):
        claimed = _claim(cycle_id, now)
        if claimed is None:
            return True
        try:
            item = _call(claimed)
        except NotBegun:
            _release(claimed.cycle, next_try_at=now + RENEWAL)
            return False
        except Over:
            _release(claimed.cycle, closed_at=now)
            return True
        except GatewayError as error:
            _postpone(claimed.cycle, error, now)
            return False
        if item.taken:
            _settle(claimed.cycle, item, now)
        elif _record(claimed.cycle, item, now):
            return True
    return False


def _claim(cycle_id: int, now: datetime) -> Push | None:
    with as_worker():
        waiting = UsageCycle.objects.to_push(now).select_for_update(skip_locked=True, of=("self",))
        cycle = waiting.select_related("plan").annotate(**CALLED).filter(pk=cycle_id).first()
        if cycle is None:
            return None
        again = bool(cycle.push_key)
        if not again:
            cycle.pushes += 1
            cycle.push_key = f"usage-{cycle.pk}-{cycle.pushes}"
            cycle.push_quantity = max(cycle.billable, cycle.settled)
        cycle.next_try_at = now + LEASE
        cycle.save(update_fields=["pushes", "push_key", "push_quantity", "next_try_at"])
        price = getattr(cycle.plan, PRICES[UsageCycle.Meter(cycle.meter)])
        called: Any = cycle
        return Push(cycle, called.customer_at_stripe, price, called.instance_name or "", again)


def _call(push: Push) -> ItemFacts:
    """The item as it then is. Where it is on a final invoice, nothing was changed: the rest needs one of its own."""
    cycle = push.cycle
    item = usage.fetch_item(cycle.item_id) if cycle.item_id else None
    if item is None and push.again:
        item = usage.find_item(customer=push.customer, push=cycle.push_key, since=cycle.starts)
    if item is None:
        return _create(push)
    if item.taken or item.quantity == push.quantity:
        return item
    return usage.change_item(item.id, quantity=push.quantity, key=cycle.push_key)


def _create(push: Push) -> ItemFacts:
    cycle, standing = push.cycle, usage.standing(push.cycle.subscription_stripe_id)
    if standing.cycle_start < cycle.starts:
        raise NotBegun
    has_ended = standing.ended or cycle.ends <= standing.cycle_start
    draft = standing.draft if has_ended else ""
    if standing.ended and not draft:
        raise Over
    return usage.create_item(
        customer=push.customer,
        subscription="" if standing.ended else cycle.subscription_stripe_id,
        invoice=draft,
        price=push.price,
        quantity=push.quantity,
        starts=cycle.starts,
        ends=cycle.ends,
        cycle_id=cycle.pk,
        description=f"{push.name}: {cycle.get_meter_display()}",
        push=cycle.push_key,
    )


def _settle(cycle: UsageCycle, item: ItemFacts, now: datetime) -> None:
    """It is invoiced for good, as Stripe has it; the rest begins a new item under a new key."""
    settled = cycle.settled + item.quantity
    _release(cycle, settled=settled, pushed=settled, item_id="", next_try_at=now)


def _record(cycle: UsageCycle, item: ItemFacts, now: datetime) -> bool:
    """True unless the peak rose meanwhile."""
    _release(cycle, pushed=cycle.push_quantity, item_id=item.id, tries=0, error="", next_try_at=now)
    with as_worker():
        upcoming.want(cycle.subscription_stripe_id, now=now)
        return not UsageCycle.objects.to_push(now).filter(pk=cycle.pk).exists()


def _postpone(cycle: UsageCycle, error: GatewayError, now: datetime) -> None:
    """A definite no is stored under its key at Stripe, so the next try takes a new one."""
    tries = cycle.tries + 1
    key = "" if isinstance(error, Refused) else cycle.push_key
    later = next_try(now, tries)
    _release(cycle, push_key=key, tries=min(tries, 1000), next_try_at=later, error=str(error)[:500])


def _release(cycle: UsageCycle, push_key: str = "", **written: Any) -> None:
    """End the call's claim, unless another has taken it over."""
    with as_worker():
        UsageCycle.objects.filter(pk=cycle.pk, push_key=cycle.push_key).update(push_key=push_key, **written)
