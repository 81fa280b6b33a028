"""A change of plan: asked for, withdrawn, carried out at Stripe. The row is the job.

To a dearer base price it takes effect at once and Stripe prorates; to any other with the next cycle, whose renewal
must find the new price: Stripe is told an hour ahead. Who was late then prorates from the cycle's first second, which
comes to the same. Why so: docs/adr/0011-a-change-of-plan.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from customers import readers, upcoming
from customers.models import PlanChange, Subscription
from customers.models.plan_change import AHEAD
from customers.quoting import PlanRefused, check, is_upgrade
from ondemand import audit, inbox
from ondemand.backoff import MOST_TRIES
from ondemand.calls import DEFINITE
from ondemand.gateway.errors import GatewayError
from ondemand.gateway.plans import change_price
from ondemand.gateway.subscriptions import ENDED, SubscriptionFacts, fetch_subscription
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import Plan

LEASE = timedelta(seconds=90)
AROUND_RENEWAL = timedelta(minutes=5)  # a call that Stripe takes after the renewal would miss it
QUOTED_FOR = timedelta(minutes=15)


def ask(subscription_id: int, plan: Plan, *, at: datetime, by: User, now: datetime) -> PlanChange:
    """As it was quoted for `at`. Raises PlanRefused; the caller opens the scope."""
    locked = Subscription.objects.select_for_update(of=("self",)).select_related("plan", "customer")
    subscription = locked.get(pk=subscription_id)
    check(subscription, plan, now=now)
    changes = PlanChange.objects.filter(partner_id=subscription.partner_id, subscription=subscription)
    if changes.open().exists():
        raise PlanRefused(_("A change of plan is under way already."))
    last = changes.filter(done_at__isnull=False).last()
    if not now - QUOTED_FOR <= at <= now or at < subscription.period_start or (last and at < last.takes_effect_at):
        raise PlanRefused(_("The amounts have changed meanwhile. Here is what they are now."))
    prorated = is_upgrade(subscription, plan)
    takes_effect_at = at if prorated else subscription.period_end
    change = PlanChange.objects.create(
        partner_id=subscription.partner_id,
        customer_id=subscription.customer_id,
        subscription=subscription,
        from_plan=subscription.plan,
        to_plan=plan,
        asked_by=by,
        asked_at=now,
        takes_effect_at=takes_effect_at,
        prorated=prorated,
        next_try_at=now if prorated else max(now, takes_effect_at - AHEAD),
    )
    _note("plan.asked", change, now, by)
    if not prorated:
        _tell("plan_will_change", change, now)
        upcoming.want(subscription.stripe_id, now=now)
    return change


def withdraw(change_id: int, *, by: User, now: datetime) -> bool:
    """False where it is in force, or Stripe is being told. The caller opens the scope."""
    change = _lock(change_id)
    if change is None or change.call_key or not change.can_be_withdrawn(now):
        return False
    _end(change, now, by)
    return True


def found(subscription: Subscription, plan: Plan, *, now: datetime) -> None:
    """At Stripe the price is another, and no change of ours made it so. The caller holds the object's lock."""
    waiting = PlanChange.objects.open().filter(partner_id=subscription.partner_id, subscription=subscription)
    ours = waiting.select_for_update(of=("self",)).first()
    if ours and ours.to_plan_id == plan.pk:
        return
    if ours:
        _end(ours, now, None)
    change = PlanChange.objects.create(
        partner_id=subscription.partner_id,
        customer_id=subscription.customer_id,
        subscription=subscription,
        from_plan_id=subscription.plan_id,
        to_plan=plan,
        asked_at=now,
        takes_effect_at=now,
        prorated=True,
        done_at=now,
        next_try_at=now,
    )
    _tell("plan_changed", change, now)


def carry_out(change_id: int, *, now: datetime) -> bool:
    """Tell Stripe. False where it gave no answer, or the renewal is too near: the next sweep asks again."""
    change = _claim(change_id, now)
    if change is None:
        return True
    try:
        facts = fetch_subscription(change.subscription.stripe_id)
        if _is_near(change, facts, now):
            _release(change, call_key="", next_try_at=change.takes_effect_at + AROUND_RENEWAL)
            return False
        has_price = _call(change, facts)
    except GatewayError as error:
        _postpone(change, error, now)
        return False
    _record(change, has_price, now)
    return True


def _claim(change_id: int, now: datetime) -> PlanChange | None:
    with as_worker():
        waiting = PlanChange.objects.to_carry_out(now).select_for_update(skip_locked=True, of=("self",))
        related = waiting.select_related("subscription", "from_plan", "to_plan")
        change = related.filter(pk=change_id).first()
        if change:
            change.claim("plan", until=now + LEASE)
        return change


def _is_near(change: PlanChange, facts: SubscriptionFacts, now: datetime) -> bool:
    renewed = facts.period_start >= change.takes_effect_at
    return not change.prorated and not renewed and now > change.takes_effect_at - AROUND_RENEWAL


def _call(change: PlanChange, facts: SubscriptionFacts) -> bool:
    """Whether Stripe has the new price then; it has not where the subscription ends first, or got a third one."""
    if facts.price == change.to_plan.stripe_base_price:
        return True
    if facts.cancel_at and not change.prorated and facts.cancel_at <= change.takes_effect_at:
        return False
    if facts.price != change.from_plan.stripe_base_price or facts.state in ENDED:
        return False
    since = None
    if change.prorated or facts.period_start >= change.takes_effect_at:
        since = max(change.takes_effect_at, facts.period_start)
    key = f"{change.call_key}-{int(since.timestamp()) if since else 'none'}"
    change_price(facts, price=change.to_plan.stripe_base_price, prorated_from=since, key=key)
    return True


def _record(change: PlanChange, has_price: bool, now: datetime) -> None:
    with as_worker():
        inbox.lock_object("", change.subscription.stripe_id)  # who syncs what was fetched before writes it before
        locked = _lock(change.pk)
        if locked is None:
            return
        if not has_price:
            _end(locked, now, None)
            return
        PlanChange.objects.filter(pk=change.pk).update(done_at=now, call_key="", error="")
        Subscription.objects.filter(pk=change.subscription_id).update(plan=change.to_plan)
        _note("plan.changed", locked, now, None)
        _tell("plan_changed", locked, now)
        upcoming.want(change.subscription.stripe_id, now=now)


def _postpone(change: PlanChange, error: GatewayError, now: datetime) -> None:
    """After some definite noes the change is given up."""
    definite = isinstance(error, DEFINITE)
    if definite and change.tries + 1 >= MOST_TRIES:
        _record(change, False, now)
        return
    _release(change, **change.failed(error, now, definite=definite))


def _release(change: PlanChange, **written: object) -> None:
    with as_worker():
        PlanChange.objects.open().filter(pk=change.pk, call_key=change.call_key).update(**written)


def _lock(change_id: int) -> PlanChange | None:
    waiting = PlanChange.objects.open().select_for_update(of=("self",))
    return waiting.select_related("subscription__customer", "from_plan", "to_plan").filter(pk=change_id).first()


def _end(change: PlanChange, now: datetime, by: User | None) -> None:
    PlanChange.objects.filter(pk=change.pk).update(withdrawn_at=now, call_key="")
    _note("plan.withdrawn", change, now, by)
    _tell("plan_withdrawn", change, now)
    upcoming.want(change.subscription.stripe_id, now=now)


def _note(verb: str, change: PlanChange, now: datetime, by: User | None) -> None:
    audit.record(
        verb,
        now=now,
        actor=by,
        partner_id=change.partner_id,
        customer_id=change.customer_id,
        target=change.subscription.customer.name,
        was=change.from_plan.name,
        plan=change.to_plan.name,
    )


def _tell(template: str, change: PlanChange, now: datetime) -> None:
    context = {"change": change, "subscription": change.subscription}
    readers.tell_both(
        f"plan-change-{change.pk}-{template}",
        change.subscription.customer,
        template=template,
        context=context,
        now=now,
    )
