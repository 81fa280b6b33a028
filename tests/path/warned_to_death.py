"""Who is warned, suspended and runs again is told each time once, whatever was killed between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import instances.tasks
from instances.models import Instance, Suspension
from instances.services import suspensions
from instances.services.warnings import warn_of_invoice
from ondemand.models import Mail
from ondemand.tenancy.context import as_worker
from tests.path.deaths import Deaths
from tests.path.warned import FAILS, unpaid

STAFF = Suspension.Cause.STAFF


class Warnings(Deaths):
    def make(self, number: int, instance_id: int) -> None:
        with as_worker():
            customer = Instance.objects.select_related("customer").get(pk=instance_id).customer
        invoice = unpaid(self.walk, customer.stripe_id, FAILS)
        self.walk.wait(seconds=2)
        warn = partial(warn_of_invoice, invoice, now=self.walk.now)
        self.die("warn", number, warn, instances.tasks.warn, partial(self.told, customer.pk, "-unpaid-0-"))

        def suspended() -> Iterator[tuple[str, int]]:
            yield from self.told(customer.pk, "suspension-", over=False)
            yield from self.is_now(instance_id, Instance.State.SUSPENDED)

        def resumed() -> Iterator[tuple[str, int]]:
            yield from self.told(customer.pk, "suspension-", over=True)
            yield from self.is_now(instance_id, Instance.State.RUNNING)

        for service, counted in (("suspend", suspended), ("resume", resumed)):
            act = partial(self.turn, service, instance_id)
            self.die(service, number, act, partial(self.carry_on, act), counted)

    def turn(self, service: str, instance_id: int) -> None:
        """What staff ask for, and what its hint makes of it."""
        with as_worker():
            getattr(suspensions, service)(instance_id, STAFF, reason="They asked for it", now=self.walk.now)
        suspensions.switch(instance_id, provisioner=self.walk.provisioner, now=self.walk.now)

    def carry_on(self, act: Callable[[], object]) -> None:
        """Who got no answer asks again; then comes beat."""
        act()
        instances.tasks.sweep()

    def told(self, customer_id: int, key: str, *, over: bool | None = None) -> Iterator[tuple[str, int]]:
        with as_worker():
            mails = Mail.objects.filter(customer_id=customer_id, key__contains=key)
            if over is not None:
                mails = mails.filter(key__contains="-over-") if over else mails.exclude(key__contains="-over-")
            for side in ("customer", "partner"):
                yield f"mail to the {side}", mails.filter(key__contains=f"-{side}-").count()

    def is_now(self, instance_id: int, state: str) -> Iterator[tuple[str, int]]:
        with as_worker():
            yield state, Instance.objects.filter(pk=instance_id, state=state).count()
