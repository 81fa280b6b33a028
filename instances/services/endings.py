"""The instance of a subscription that has ended is stopped at once; what then becomes of it: deletions."""

from __future__ import annotations

import logging
from datetime import datetime

from customers.models import Subscription
from instances.models import Instance, Suspension
from instances.services import brake, suspensions
from ondemand.gateway import subscriptions
from ondemand.gateway.errors import GatewayError
from ondemand.tenancy.context import as_worker

log = logging.getLogger(__name__)
MOST = 200
TERM_ENDED = Suspension.Cause.TERM_ENDED


def run(*, now: datetime) -> None:
    """Unless braked. What Stripe does not confirm is not done."""
    reopen(now=now)
    with as_worker():
        go_on = brake.watch(now=now)
        ended = list(Instance.objects.to_stop().order_by("pk").values_list("pk", flat=True)[:MOST]) if go_on else []
    for instance_id in ended:
        try:
            stop(instance_id, now=now)
        except GatewayError as error:
            log.warning("instance %s not stopped: %s", instance_id, error)


def stop(instance_id: int, *, now: datetime) -> bool:
    """Fetch the subscription again and suspend where it has ended. Raises GatewayError."""
    with as_worker():
        found = Instance.objects.to_stop().filter(pk=instance_id).values_list("subscription__stripe_id", flat=True)
        stripe_id = found.first()
    if stripe_id is None or subscriptions.fetch_subscription(stripe_id).state not in Subscription.ENDED:
        return False
    with as_worker():
        if not Instance.objects.to_stop().filter(pk=instance_id).exists():
            return False
        return suspensions.suspend(instance_id, TERM_ENDED, reason="", now=now)


def reopen(*, now: datetime) -> int:
    """Let run again what was stopped, where the subscription lives after all. Returns how many."""
    with as_worker():
        live = Subscription.objects.live().values("pk")
        stopped = Suspension.objects.open().filter(cause=TERM_ENDED, instance__subscription__in=live)
        ids = list(stopped.order_by("instance_id").values_list("instance_id", flat=True))
        return sum(suspensions.resume(each, TERM_ENDED, reason="renewed", now=now) for each in ids)
