"""What a subscription that ends will still be billed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from customers.models import PlanChange, Subscription


@dataclass(frozen=True)
class Bill:
    """At the end of a cycle: its usage and, unless it was the last, the base price of the next, in minor units."""

    at: datetime
    used_from: datetime
    base: int
    base_until: datetime | None


def remaining_bills(subscription: Subscription, ends_at: datetime, change: PlanChange | None = None) -> list[Bill]:
    """By the plan of today and what it is to `change` to, before tax and discounts; the last is for usage alone."""
    found, at = [], subscription.period_end
    while at <= ends_at:
        used_from = subscription.cycle_at(at - timedelta(microseconds=1))[0]
        until = subscription.cycle_at(at)[1] if at < ends_at else None
        plan = change.to_plan if change and change.takes_effect_at <= at else subscription.plan
        found.append(Bill(at, used_from, plan.base if until else 0, until))
        at = subscription.cycle_at(at)[1]
    return found
