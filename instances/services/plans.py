"""An instance's plan is its subscription's, which may change."""

from __future__ import annotations

from datetime import datetime

from customers.models import Subscription
from instances.models import Instance
from instances.services.boots import note


def follow(*, now: datetime) -> int:
    """Returns how many instances got another plan. The caller opens the scope."""
    changed = Instance.objects.of_another_plan().select_for_update(of=("self",))
    found = list(changed.select_related("subscription__plan"))
    for instance in found:
        plan = Subscription.objects.values_list("plan_id", flat=True).get(pk=instance.subscription_id)
        Instance.objects.filter(pk=instance.pk).update(plan=plan)
        note(instance, "plan", f"The plan changed: {instance.subscription.plan}", now)
    return len(found)
