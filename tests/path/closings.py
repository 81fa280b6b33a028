"""Subscriptions that end: the instance is stopped, backed up, foretold and deleted, with a death between the steps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from customers import sync
from customers.models import Customer
from instances.models import Deletion, Instance, InstanceEvent, Suspension
from instances.services import boots, deletions, endings, suspensions
from ondemand.models import Mail
from ondemand.tenancy.context import as_worker
from tests.path.closing import DAYS_ON
from tests.path.deaths import Deaths


class Closings(Deaths):
    def make(self, number: int, customer: Customer, instance: Instance) -> None:
        with as_worker():
            subscription = customer.subscriptions.get().stripe_id
        with as_worker():
            sync.sync("subscription", subscription, self.walk.now)
        stop = partial(endings.stop, instance.pk, now=self.walk.now)
        self.die("stop", number, stop, stop, partial(self.stopped, instance))
        self.follow(instance)
        with as_worker():
            row = Deletion.objects.get(instance=instance)
        self.back_up(number, row)
        self.tell(number, row)
        self.end(number, row)

    def stopped(self, instance: Instance) -> Iterator[tuple[str, int]]:
        with as_worker():
            yield "cause", Suspension.objects.open().filter(instance=instance, cause="term_ended").count()
            yield "date foretold", Deletion.objects.ahead().filter(instance=instance).count()

    def follow(self, instance: Instance) -> None:
        for seconds in (0, 30):
            now = self.walk.now + timedelta(seconds=seconds)
            suspensions.switch(instance.pk, provisioner=self.walk.provisioner, now=now)

    def back_up(self, number: int, row: Deletion) -> None:
        def taken() -> Iterator[tuple[str, int]]:
            with as_worker():
                yield "backup", Deletion.objects.filter(pk=row.pk, backed_up_at__isnull=False).count()
                yield "event", InstanceEvent.objects.filter(instance=row.instance_id, kind="backed-up").count()

        def back_up() -> bool:
            return deletions.back_up(row.pk, provisioner=self.walk.provisioner, now=self.walk.now)

        self.die("back up", number, back_up, back_up, taken)

    def tell(self, number: int, row: Deletion) -> None:
        def told() -> Iterator[tuple[str, int]]:
            for days in (30, 7, 1):
                with as_worker():
                    mails = Mail.objects.filter(
                        key__startswith=f"deletion-{row.pk}-", key__contains=f"-{days}-customer-"
                    )
                    yield f"mail {days} days ahead", mails.count()

        def tell() -> None:
            for days in DAYS_ON:
                deletions.tell(row.pk, now=self.walk.now + timedelta(days=days))

        self.die("foretell", number, tell, tell, told)

    def end(self, number: int, row: Deletion) -> None:
        def gone() -> Iterator[tuple[str, int]]:
            with as_worker():
                yield "ended", Instance.objects.filter(pk=row.instance_id, state="terminated").count()
                for kind in ("ending", "ended"):
                    yield kind, InstanceEvent.objects.filter(instance=row.instance_id, kind=kind).count()

        def end() -> None:
            last = self.walk.now + timedelta(days=60)
            deletions.begin(row.pk, now=last)
            boots.end(row.instance_id, provisioner=self.walk.provisioner, now=last)

        self.die("delete", number, end, end, gone)
