"""Jobs of erasures; the sweep carries on what was killed, and takes names out of what Stripe tells later."""

from __future__ import annotations

from ondemand import clock
from ondemand.jobs import job
from ondemand.models import Erasure
from ondemand.personal import erasing
from ondemand.tenancy.context import as_worker

MOST = 20


@job
def erase(erasure_id: int) -> None:
    erasing.carry_out(erasure_id, now=clock.now())


@job
def sweep() -> None:
    now = clock.now()
    with as_worker():
        due = list(Erasure.objects.due(now).values_list("pk", flat=True)[:MOST])
    for erasure_id in due:
        erasing.carry_out(erasure_id, now=now)
    erasing.reduce_late_events(now=now)
