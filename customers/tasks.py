"""Jobs about customers: events about their objects at Stripe; support sessions without right; plan changes."""

from __future__ import annotations

from customers import cancelling, planning, support, sync, upcoming, warnings
from customers.comparing import COMPARED
from customers.models import Cancellation, PlanChange, Subscription
from ondemand import clock, inbox
from ondemand.comparing import compare_nightly
from ondemand.hints import hint
from ondemand.jobs import each, job
from ondemand.tenancy.context import as_worker

MOST = 200


@job
def take_events() -> None:
    if inbox.take(sync.KINDS, sync.sync, now=clock.now()):
        hint("commissions.tasks.accrue")
        hint("instances.tasks.dun")
        hint("instances.tasks.warn")


@job
def preview() -> None:
    """What cycles cost so far; while Stripe does not answer, the rest waits for the next run."""
    now = clock.now()
    with as_worker():
        waiting = list(Subscription.objects.to_preview(now).values_list("pk", flat=True)[:MOST])
    for subscription_id in waiting:
        if not upcoming.look(subscription_id, now=now):
            break


@job
def tell_end(cancellation_id: int) -> None:
    cancelling.tell(cancellation_id, now=clock.now())


@job
def sweep() -> None:
    now = clock.now()
    with as_worker():
        support.end_without_right(now=now)
        cancelling.close(now=now)
        changes = list(PlanChange.objects.to_carry_out(now).values_list("pk", flat=True)[:MOST])
        to_tell = list(Cancellation.objects.to_tell(now).values_list("pk", flat=True)[:MOST])
    each(changes, planning.carry_out, now=now)
    each(to_tell, cancelling.tell, now=now)


@job
def warn() -> None:
    """Of cards that end soon."""
    now = clock.now()
    with as_worker():
        cards = list(Subscription.objects.card_to_warn(clock.business_day(now)).values_list("pk", flat=True)[:MOST])
    each(cards, warnings.warn_of_card, now=now)


@job
def compare() -> None:
    """Hourly; it does its work once a night."""
    compare_nightly("customers", COMPARED, now=clock.now())
