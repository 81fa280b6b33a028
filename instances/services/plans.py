"""What follows from a change of plan: the instances' plan, and the prices of cycles that begin with it."""

from __future__ import annotations

from datetime import datetime

from customers.models import PlanHistory, Subscription
from instances.models import Instance, UsageCycle
from instances.services.boots import note
from instances.services.heartbeats import prices

MOST = 600


def follow(*, now: datetime) -> int:
    """Returns how many instances got another plan. The caller opens the scope."""
    changed = Instance.objects.of_another_plan().select_for_update(of=("self",))
    found = list(changed.select_related("subscription__plan"))
    for instance in found:
        plan = Subscription.objects.values_list("plan_id", flat=True).get(pk=instance.subscription_id)
        Instance.objects.filter(pk=instance.pk).update(plan=plan)
        note(instance, "plan", f"The plan changed: {instance.subscription.plan}", now)
    return len(found)


def price(*, now: datetime) -> int:
    """Price the cycles that were written before they began. Returns how many. The caller opens the scope."""
    found = UsageCycle.objects.to_price(now).select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:MOST]
    for cycle in found:
        subscription = Subscription.objects.select_related("plan").get(
            partner_id=cycle.partner_id, stripe_id=cycle.subscription_stripe_id
        )
        plan = PlanHistory(subscription).at(cycle.starts)
        included, unit = prices(plan)[cycle.meter]
        UsageCycle.objects.filter(pk=cycle.pk).update(
            plan=plan, included=included, unit_amount=unit, billable=max(cycle.peak - included, 0), early=False
        )
    return len(found)
