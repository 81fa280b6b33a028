"""Jobs about instances: boots, suspensions, ends, usage; the sweep finds what hints missed."""

from __future__ import annotations

from customers.models import Invoice
from instances.comparing import COMPARED
from instances.models import Ending, Instance, UsageCycle
from instances.provisioners import provisioner
from instances.services import at_once, boots, deletions, dunning, endings, plans, suspensions, usage, warnings
from ondemand import clock
from ondemand.comparing import compare_nightly
from ondemand.jobs import each, job
from ondemand.tenancy.context import as_worker

MOST = 200


@job
def boot(instance_id: int) -> None:
    boots.boot(instance_id, provisioner=provisioner(), now=clock.now())


@job
def switch(instance_id: int) -> None:
    suspensions.switch(instance_id, provisioner=provisioner(), now=clock.now())


@job
def dun() -> None:
    dunning.run(now=clock.now())


@job
def wind_up() -> None:
    """What has ended is stopped, backed up, foretold and deleted."""
    now = clock.now()
    endings.run(now=now)
    deletions.run(provisioner=provisioner(), now=now)


@job
def warn() -> None:
    """Of unpaid invoices, while they are, and of payments that the payer's bank wants confirmed."""
    now = clock.now()
    with as_worker():
        to_confirm = list(Invoice.objects.to_confirm().values_list("pk", flat=True)[:MOST])
    each(to_confirm, warnings.ask_to_confirm, now=now)
    each(warnings.to_warn(now), warnings.warn_of_invoice, now=now)


@job
def end_at_once(ending_id: int) -> None:
    at_once.carry_out(ending_id, now=clock.now())


@job
def push_usage(cycle_id: int) -> None:
    usage.push(cycle_id, now=clock.now())


@job
def sweep() -> None:
    now = clock.now()
    with as_worker():
        plans.follow(now=now)
        plans.price(now=now)
        ending_now = list(Ending.objects.to_carry_out(now).values_list("pk", flat=True)[:MOST])
        to_boot = list(Instance.objects.to_boot(now).values_list("pk", flat=True)[:MOST])
        to_switch = list(Instance.objects.to_switch(now).values_list("pk", flat=True)[:MOST])
        to_end = list(Instance.objects.to_end().values_list("pk", flat=True)[:MOST])
        to_push = list(UsageCycle.objects.to_push(now).values_list("pk", flat=True)[:MOST])
    each(ending_now, at_once.carry_out, now=now)
    each(to_boot, boots.boot, provisioner=provisioner(), now=now)
    each(to_switch, suspensions.switch, provisioner=provisioner(), now=now)
    each(to_end, boots.end, provisioner=provisioner(), now=now)
    each(to_push, usage.push, now=now)


@job
def compare() -> None:
    """Hourly; it does its work once a night."""
    compare_nightly("instances", COMPARED, now=clock.now())
