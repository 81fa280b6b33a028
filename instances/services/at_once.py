"""A subscription is ended at once by staff: what was used is billed, what is unpaid collected or void. The row is
the job: each step is looked at before it is done, so that it may be done again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from customers import readers
from customers.models import Subscription
from instances.models import Ending, UsageCycle
from instances.services import usage
from ondemand import audit
from ondemand.calls import DEFINITE
from ondemand.gateway.endings import Bill, StillPending, end_now, last_invoices, settle_invoice
from ondemand.gateway.errors import GatewayError
from ondemand.hints import hint
from ondemand.models import User
from ondemand.money import Money
from ondemand.tenancy.context import as_worker

LEASE = timedelta(seconds=150)
SKEW = timedelta(minutes=5)  # of Stripe's clock and ours


class EndingRefused(Exception):
    """The message is for staff."""


class NotTold(Exception):
    """Stripe does not know all that was used."""


def end_at_once(subscription: Subscription, *, why: str, unpaid: str, by: User, now: datetime) -> Ending:
    """Raises EndingRefused; the caller opens the scope."""
    row = Subscription.objects.select_for_update(of=("self",)).select_related("customer").get(pk=subscription.pk)
    known = Ending.objects.filter(partner_id=row.partner_id, subscription=row)
    if row.state in Subscription.ENDED or known.exists():
        raise EndingRefused(_("%(customer)s: it has ended, or is being ended.") % {"customer": row.customer})
    ending = Ending.objects.create(
        partner_id=row.partner_id,
        customer_id=row.customer_id,
        subscription=row,
        why=why,
        unpaid=unpaid,
        by=by,
        asked_at=now,
        next_try_at=now,
    )
    audit.record(
        "subscription.ended_at_once",
        now=now,
        actor=by,
        partner_id=row.partner_id,
        customer_id=row.customer_id,
        target=row.customer.name,
        why=why,
    )
    hint("instances.tasks.end_at_once", ending.pk)
    return ending


def carry_out(ending_id: int, *, now: datetime) -> bool:
    """False where a step has to wait: the next sweep goes on."""
    ending = _claim(ending_id, now)
    if ending is None:
        return True
    subscription = ending.subscription.stripe_id
    try:
        _push_peaks(subscription, now)
        end_now(subscription, key=ending.call_key)
        bills = _settle(ending)
    except (GatewayError, NotTold, StillPending) as error:
        _postpone(ending, error, now)
        return False
    _record(ending, bills, now)
    return True


def _claim(ending_id: int, now: datetime) -> Ending | None:
    with as_worker():
        waiting = Ending.objects.to_carry_out(now).select_for_update(skip_locked=True, of=("self",))
        ending = waiting.select_related("subscription").filter(pk=ending_id).first()
        if ending:
            ending.claim("ending", until=now + LEASE)
        return ending


def _push_peaks(subscription: str, now: datetime) -> None:
    """Raises NotTold unless Stripe then knows of all that was used."""
    mine = UsageCycle.objects.filter(subscription_stripe_id=subscription)
    with as_worker():
        mine.filter(push_key="", closed_at=None, next_try_at__gt=now).update(next_try_at=now)
        waiting = list(mine.to_push(now).order_by("pk").values_list("pk", flat=True))
    for cycle_id in waiting:
        usage.push(cycle_id, now=now)
    with as_worker():
        if left := mine.to_push(now + timedelta(days=1)).count():
            raise NotTold(f"Stripe does not know yet what was used: {left} meters.")


def _settle(ending: Ending) -> list[Bill]:
    """Which invoices are meant is kept before the first of them is touched, so that each is said."""
    if ending.invoices is None:
        ending.invoices = last_invoices(ending.subscription.stripe_id, since=ending.asked_at - SKEW)
        with as_worker():
            Ending.objects.filter(pk=ending.pk).update(invoices=ending.invoices)
    void = ending.unpaid == Ending.Unpaid.VOID
    return [settle_invoice(id, void=void, key=ending.call_key) for id in ending.invoices]


def _record(ending: Ending, bills: list[Bill], now: datetime) -> None:
    """And say it, with what became of what was unpaid."""
    with as_worker():
        mine = Ending.objects.filter(pk=ending.pk, done_at=None)
        if not mine.update(done_at=now, call_key="", error=""):
            return
        row = Subscription.objects.select_related("customer", "product", "plan").get(pk=ending.subscription_id)
        readers.tell_both(
            f"ending-{ending.pk}",
            row.customer,
            template="subscription_ended_at_once",
            context={
                "ending": ending,
                "subscription": row,
                "bills": [(bill, _amount(bill)) for bill in bills if bill.amount],
            },
            now=now,
        )


def _amount(bill: Bill) -> str:
    return Money(bill.amount, bill.currency).format("en")


def _postpone(ending: Ending, error: Exception, now: datetime) -> None:
    """Staff see the error."""
    with as_worker():
        mine = Ending.objects.filter(pk=ending.pk, call_key=ending.call_key)
        mine.update(**ending.failed(error, now, definite=isinstance(error, DEFINITE)))
