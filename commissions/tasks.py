"""Jobs about commissions."""

from __future__ import annotations

from commissions.services import accrual
from ondemand import clock
from ondemand.jobs import job


@job
def accrue() -> None:
    accrual.accrue(now=clock.now())
