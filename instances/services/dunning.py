"""Who does not pay is suspended on the date foretold; who has paid runs again. Rows are the job.

The rules: grace from the oldest open invoice's date, an exemption by staff, one subscription's instances alone.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings

from customers import sync
from customers.models import Invoice, Subscription
from instances.models import Instance, Suspension
from instances.services import brake, suspensions
from ondemand import inbox
from ondemand.gateway.errors import GatewayError
from ondemand.tenancy.context import as_worker

log = logging.getLogger(__name__)
MOST = 200
UNPAID = Suspension.Cause.UNPAID


def run(*, now: datetime) -> None:
    """Resume who has paid, then suspend who has not, where SUSPEND_UNPAID allows it."""
    resume_paid(now=now)
    if not settings.SUSPEND_UNPAID:
        return
    with as_worker():
        if not brake.watch(now=now):
            return
        overdue = list(Instance.objects.overdue(now).order_by("pk").values_list("pk", flat=True)[:MOST])
    for instance_id in overdue:
        try:
            suspend_unpaid(instance_id, now=now)
        except (GatewayError, inbox.NotYetKnown) as error:  # what Stripe does not confirm is not done
            log.warning("instance %s not suspended: %s", instance_id, error)


def suspend_unpaid(instance_id: int, *, now: datetime) -> bool:
    """Fetch the unpaid invoices again and suspend where they still are. Raises GatewayError."""
    with as_worker():
        instance = Instance.objects.select_related("subscription").get(pk=instance_id)
        unpaid = Invoice.objects.unpaid().filter(subscription_stripe_id=instance.subscription.stripe_id)
        invoices = list(unpaid.values_list("stripe_id", flat=True))
    for stripe_id in invoices:
        with as_worker():
            inbox.lock_object("", stripe_id)
            sync.sync("invoice", stripe_id, now)
    with as_worker():
        if not Instance.objects.overdue(now).filter(pk=instance_id).exists():
            return False
        return suspensions.suspend(instance_id, UNPAID, reason="", now=now)


def resume_paid(*, now: datetime) -> int:
    """Close the cause of whose subscription is paid, or exempt. Returns how many."""
    paid = Subscription.objects.live().exclude(pk__in=Subscription.objects.overdue(now).values("pk"))
    with as_worker():
        waiting = Suspension.objects.open().filter(cause=UNPAID, instance__subscription__in=paid.values("pk"))
        ids = list(waiting.order_by("instance_id").values_list("instance_id", flat=True))
        return sum(suspensions.resume(each, UNPAID, reason="paid", now=now) for each in ids)
