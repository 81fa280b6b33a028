"""Which plan, and which is to come: for the customer and for its partner alike."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.models import PlanChange
from ondemand import clock
from ondemand.portal import values
from ondemand.portal.detail import Fact, Facts


def plan_sections(subscriptions: Any, *, may_change: bool = False) -> list[Facts]:
    """Of these subscriptions (a QuerySet) the change that is to come, if any; all of them for who may change one."""
    live = subscriptions.live().select_related("product", "plan").order_by("period_end", "pk")
    coming = (
        PlanChange.objects.to_come(clock.now()).filter(subscription__in=live).select_related("from_plan", "to_plan")
    )
    changes = {change.subscription_id: change for change in coming}
    facts = [_fact(row, changes.get(row.pk), may_change) for row in live if may_change or row.pk in changes]
    return [Facts(facts, _("Plan"))] if facts else []


def _fact(subscription: Any, change: PlanChange | None, may_change: bool) -> Fact:
    value: Any = subscription.plan.name
    if change:
        day = values.day_text(clock.business_day(change.takes_effect_at))
        value = _("%(was)s, changes to %(plan)s on %(day)s") % {
            "was": change.from_plan.name,
            "plan": change.to_plan.name,
            "day": day,
        }
    words = _("Look at the change, or withdraw it") if change else _("Change the plan")
    url = reverse("account-plan", args=[subscription.pk])
    return Fact(subscription.product.name, value, help=values.link(url, words) if may_change else "")
