"""What a change of plan would cost, and whether it can be had now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from customers.models import Subscription
from ondemand.gateway.invoices import PreviewFacts
from ondemand.gateway.plans import preview_price
from ondemand.gateway.subscriptions import fetch_subscription
from partners.models import Plan

CHANGEABLE = (Subscription.State.ACTIVE, Subscription.State.TRIALING)


class PlanRefused(Exception):
    """The message is for the person."""


@dataclass(frozen=True)
class Quote:
    """In minor units. `rest`: what the change itself adds to the next invoice; `due`: that invoice as it stands.

    Of an upgrade made at `at`, which the confirmation repeats, so that what was shown is what is charged.
    """

    at: datetime
    takes_effect_at: datetime
    prorated: bool
    rest: int
    due: int


def is_upgrade(subscription: Subscription, plan: Plan) -> bool:
    return plan.base > subscription.plan.base


def check(subscription: Subscription, plan: Plan, *, now: datetime) -> None:
    """Raises PlanRefused where the plan cannot be had now."""
    if subscription.state not in CHANGEABLE:
        raise PlanRefused(_("The plan can be changed once all invoices are paid."))
    if plan.pk == subscription.plan_id:
        raise PlanRefused(_("This is your plan already."))
    if not plan.active or plan.product_id != subscription.product_id or not plan.stripe_base_price:
        raise PlanRefused(_("This plan cannot be chosen."))
    if now >= subscription.period_end:
        raise PlanRefused(_("The next month is just beginning. Try again in a few minutes."))
    if (
        not is_upgrade(subscription, plan)
        and subscription.cancel_at
        and (subscription.cancel_at <= subscription.period_end)
    ):
        raise PlanRefused(_("The subscription ends before this plan could begin."))


def quote(subscription: Subscription, plan: Plan, *, now: datetime) -> Quote:
    """Asks Stripe. Raises GatewayError."""
    at, prorated = now.replace(microsecond=0), is_upgrade(subscription, plan)
    facts = fetch_subscription(subscription.stripe_id)
    since = max(at, facts.period_start) if prorated else None
    preview = preview_price(facts, price=plan.stripe_base_price, prorated_from=since)
    return Quote(
        at=at,
        takes_effect_at=at if prorated else subscription.period_end,
        prorated=prorated,
        rest=_of_the_change(preview, since) if preview and since else 0,
        due=preview.due if preview else 0,
    )


def _of_the_change(preview: PreviewFacts, since: datetime) -> int:
    return sum(line.amount for line in preview.lines if line.proration and line.period_start == since)
