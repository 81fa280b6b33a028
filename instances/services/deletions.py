"""From a stopped instance to its end: a last backup, warnings 30, 7 and 1 days ahead, and then it is deleted.

Rows are the job. A date that was foretold never comes earlier; what was told too late, or missed, is told anew.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import QuerySet, Value
from django.db.models.functions import Greatest

from customers import readers
from customers.models import Invoice, Subscription
from instances.models import Deletion, Instance, Suspension
from instances.models.deletion import NOTICES
from instances.provisioners import Provisioner, ProvisionerError
from instances.services.boots import note
from ondemand import clock
from ondemand.backoff import next_try
from ondemand.gateway import invoices, subscriptions
from ondemand.gateway.errors import GatewayError
from ondemand.hints import hint
from ondemand.tenancy.context import as_worker

log = logging.getLogger(__name__)
MOST = 200
KEPT = timedelta(days=60)
LEASE = timedelta(minutes=2)
LEADS = {Suspension.Cause.UNPAID: KEPT, Suspension.Cause.TERM_ENDED: timedelta()}  # the time to the last backup


def foresee(instance: Instance, cause: str, *, now: datetime) -> None:
    """With the cause that leads there. Who pays for an instance that staff suspended keeps it."""
    if cause not in LEADS:
        return
    today = clock.business_day(now)
    backup_on = today + LEADS[Suspension.Cause(cause)]
    known = Deletion.objects.ahead().filter(partner_id=instance.partner_id, instance=instance).first()
    if known is None:
        Deletion.objects.create(
            partner_id=instance.partner_id,
            customer_id=instance.customer_id,
            instance=instance,
            opened_at=now,
            backup_on=backup_on,
            delete_on=backup_on + KEPT,
            next_try_at=now,
        )
        return
    known.backup_on = min(known.backup_on, backup_on)
    known.delete_on = max(known.delete_on, backup_on + KEPT)
    known.save(update_fields=["backup_on", "delete_on"])


def withdraw(instance: Instance, *, now: datetime) -> None:
    """Once no cause that leads there is open, unless it has begun."""
    causes = Suspension.objects.open().filter(partner_id=instance.partner_id, instance=instance, cause__in=LEADS)
    if not causes.exists():
        Deletion.objects.ahead().filter(partner_id=instance.partner_id, instance=instance).update(withdrawn_at=now)


def run(*, provisioner: Provisioner, now: datetime) -> None:
    for deletion_id in _ids(Deletion.objects.to_back_up(now)):
        back_up(deletion_id, provisioner=provisioner, now=now)
    for deletion_id in _ids(Deletion.objects.to_tell(now)):
        tell(deletion_id, now=now)
    for deletion_id in _ids(Deletion.objects.to_begin(now)):
        begin(deletion_id, now=now)


def _ids(waiting: QuerySet[Deletion]) -> list[int]:
    with as_worker():
        return list(waiting.order_by("pk").values_list("pk", flat=True)[:MOST])


def back_up(deletion_id: int, *, provisioner: Provisioner, now: datetime) -> bool:
    """The last backup, of the instance at rest. False where it is not due, or the provider did not confirm."""
    with as_worker():
        waiting = Deletion.objects.to_back_up(now).select_for_update(skip_locked=True, of=("self",))
        claimed = waiting.select_related("instance").filter(pk=deletion_id).first()
        if claimed is None:
            return False
        Deletion.objects.filter(pk=claimed.pk).update(next_try_at=now + LEASE)
    try:
        made = provisioner.backup(claimed.instance.public_id)
    except ProvisionerError as error:
        _postpone(claimed, str(error), now)
        return False
    with as_worker():
        kept_until = Greatest("delete_on", Value(clock.business_day(now) + KEPT))
        known = {"backed_up_at": now, "backup_file": made.file, "backup_bytes": made.size, "delete_on": kept_until}
        mine = Deletion.objects.filter(pk=claimed.pk, backed_up_at=None)
        if mine.update(**known, tries=0, error="", next_try_at=now):
            note(claimed.instance, "backed-up", "The last backup was taken.", now)
    return True


def tell(deletion_id: int, *, now: datetime) -> bool:
    """Warn the customer and its partner, each warning once. Late, it moves the date."""
    with as_worker():
        waiting = Deletion.objects.to_tell(now).select_for_update(skip_locked=True, of=("self",))
        row = waiting.select_related("instance__customer__partner").filter(pk=deletion_id).first()
        if row is None:
            return False
        before, row.told = row.delete_on, _next_notice(row.told)
        row.delete_on = max(row.delete_on, clock.business_day(now) + timedelta(days=row.told))
        row.save(update_fields=["told", "delete_on"])
        if row.delete_on > before:
            _show_anew(row, now)
        _mail(row, now)
    return True


def _show_anew(row: Deletion, now: datetime) -> None:
    """The suspended address names the day: the provider is told again."""
    again = {"state": Instance.State.SUSPENDING, "tries": 0, "next_try_at": now}
    if Instance.objects.filter(pk=row.instance_id, state=Instance.State.SUSPENDED).update(**again):
        hint("instances.tasks.switch", row.instance_id)


def _next_notice(told: int | None) -> int:
    """After the last one came and went, the one before it again."""
    if told is None:
        return NOTICES[0]
    return NOTICES[1] if told in (NOTICES[0], NOTICES[-1]) else NOTICES[-1]


def _mail(row: Deletion, now: datetime) -> None:
    customer = row.instance.customer
    causes = Suspension.objects.open().filter(partner_id=row.partner_id, instance=row.instance)
    ended = causes.filter(cause=Suspension.Cause.TERM_ENDED).exists()
    readers.tell_both(
        f"deletion-{row.pk}-{row.delete_on}-{row.told}",
        customer,
        template="deletion_foretold",
        context={"instance": row.instance, "deletion": row, "partner": customer.partner, "ended": ended},
        now=now,
    )


def begin(deletion_id: int, *, now: datetime) -> bool:
    """On the day that was foretold, unless Stripe knows better: from here on the sweep ends the instance."""
    with as_worker():
        row = Deletion.objects.to_begin(now).filter(pk=deletion_id).select_related("instance__subscription").first()
    if row is None:
        return False
    try:
        stands = _still_stands(row.instance, now)
    except GatewayError as error:
        _postpone(row, str(error), now)
        return False
    if not stands:
        _postpone(row, "Stripe knows of a payment or a subscription that is not known here yet.", now)
        return False
    return _begin(row, now)


def _still_stands(instance: Instance, now: datetime) -> bool:
    """The subscription, and what of it is unpaid, fetched from Stripe again; and whether staff exempted it since."""
    stripe_id = instance.subscription.stripe_id
    with as_worker():
        causes = set(Suspension.objects.open().filter(instance=instance).values_list("cause", flat=True))
        unpaid = Invoice.objects.unpaid().filter(subscription_stripe_id=stripe_id)
        known = list(unpaid.values_list("stripe_id", flat=True))
        overdue = Subscription.objects.overdue(now).filter(pk=instance.subscription_id).exists()
    if subscriptions.fetch_subscription(stripe_id).state in Subscription.ENDED:
        return Suspension.Cause.TERM_ENDED in causes
    owed = overdue and any(invoices.fetch_invoice(each).state == Invoice.State.OPEN for each in known)
    return Suspension.Cause.UNPAID in causes and owed


def _begin(row: Deletion, now: datetime) -> bool:
    with as_worker():
        instance = Instance.objects.select_for_update(of=("self",)).get(pk=row.instance_id)
        mine = Deletion.objects.to_begin(now).filter(pk=row.pk)
        if instance.state != Instance.State.SUSPENDED or not mine.update(begun_on=clock.business_day(now)):
            return False
        instance.state = Instance.State.TERMINATING
        instance.save(update_fields=["state"])
        note(instance, "ending", "The instance is being deleted, as was foretold.", now)
        hint("instances.tasks.sweep")
    return True


def _postpone(row: Deletion, error: str, now: datetime) -> None:
    log.warning("deletion of instance %s waits: %s", row.instance_id, error)
    with as_worker():
        tries = min(row.tries + 1, 1000)
        Deletion.objects.filter(pk=row.pk).update(tries=tries, error=error[:500], next_try_at=next_try(now, tries))
