"""A customer whose card may fail, with an instance that really runs: what the sweeps do to it, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

import customers.tasks
import instances.tasks
from customers import sync
from customers.models import Invoice
from instances.models import Instance, Suspension, Tick
from instances.provisioners import provisioner
from instances.services import dunning, suspensions
from instances.services.boots import _wanted
from ondemand.models import Comparison, Mail
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.standins.park import Park
from tests.standins.stripe_process import Standin
from tests.usage.world import World, make_plan, world

BEGAN = datetime(2027, 3, 10, 12, tzinfo=UTC)
LATER = timedelta(seconds=40)  # no lease and no pause between two tries is longer


@dataclass
class House:
    world: World
    park: Park
    instance: Instance

    @property
    def now(self) -> datetime:
        return self.world.now

    @property
    def state(self) -> str:
        with as_worker():
            self.instance.refresh_from_db()
        return self.instance.state

    def take_card(self, token: str, *, ends: tuple[int, int] | None = None) -> None:
        """Every later charge meets this card; `ends`: year and month."""
        v1, customer = self.world.standin.v1, self.world.customer.stripe_id
        card = v1.payment_methods.attach(token, {"customer": customer}).id
        if ends:
            v1.payment_methods.update(card, {"card": {"exp_year": ends[0], "exp_month": ends[1]}})
        v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card}})

    def change_card(self, token: str, *, now: datetime) -> None:
        """At the portal; the event comes at once."""
        self.take_card(token)
        with as_worker():
            sync.sync("customer", self.world.customer.stripe_id, now)
        self.world.sync()

    def fail_to_pay(self) -> datetime:
        """Go to the next cycle's invoice, which the card does not pay. Returns when the instance will be suspended."""
        self.take_card("pm_card_chargeCustomerFail")
        self.world.wait_until(self.world.cycle[1] + timedelta(hours=2))
        self.world.sync()
        return self.suspends_at()

    def suspends_at(self) -> datetime:
        with as_worker():
            found = type(self.world.subscription).objects.with_suspension_date().get(pk=self.world.subscription.pk)
        assert isinstance(found.suspends_at, datetime)
        return found.suspends_at

    def pay(self) -> None:
        """On Stripe's page, with a good card; the events come at once."""
        self.take_card("pm_card_visa")
        with as_worker():
            unpaid = list(Invoice.objects.unpaid().values_list("stripe_id", flat=True))
        for stripe_id in unpaid:
            self.world.standin.v1.invoices.pay(stripe_id)
        self.world.sync()

    def sweep(self, *, now: datetime | None = None) -> None:
        at = now or self.now
        self.run(now=at)
        for tries in range(1, 4):
            self.follow(now=at + tries * LATER)

    def warn(self, *, now: datetime | None = None) -> list[tuple[str, str]]:
        """As beat does, twice over. Returns who was mailed about what: recipient, subject."""
        with as_worker():
            known = list(Mail.objects.values_list("pk", flat=True))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ondemand.clock.now", lambda: now or self.now)
            for _ in range(2):
                customers.tasks.warn()
                instances.tasks.warn()
        with as_worker():
            return list(Mail.objects.exclude(pk__in=known).order_by("pk").values_list("recipient", "subject"))

    def run(self, *, now: datetime) -> None:
        """As beat's next run does, where nothing was silent before it."""
        with as_worker():
            Tick.objects.update_or_create(pk=1, defaults={"at": now})
            Comparison.objects.create(part="customers", started_at=now, finished_at=now)
        dunning.run(now=now)

    def follow(self, *, now: datetime) -> None:
        with as_worker():
            waiting = list(Instance.objects.to_switch(now).values_list("pk", flat=True))
        for pk in waiting:
            suspensions.switch(pk, provisioner=provisioner(), now=now)

    def page(self) -> tuple[int, str]:
        host = f"{self.instance.name}.localhost:{self.park.port}"
        answer = requests.get(f"http://127.0.0.1:{self.park.port}/", headers={"Host": host}, timeout=5)
        return answer.status_code, answer.text

    def at_provider(self) -> str:
        return str(self.park.call("GET", f"servers/{self.instance.public_id}").data["state"])

    def suspensions(self) -> list[Suspension]:
        with as_worker():
            return list(Suspension.objects.order_by("pk"))


@contextmanager
def housed(standin: Standin, park: Park) -> Iterator[House]:
    plan = make_plan(now=BEGAN)
    partner = factories.make_house(code="iberia", product=plan.product, now=BEGAN)
    with world(standin, partner, plan, began=BEGAN) as made:
        yield House(made, park, boot(made))


def boot(made: World) -> Instance:
    """One more instance of the customer's, in the park as well."""
    instance = made.boot()
    with as_worker():
        wanted: Any = Instance.objects.select_related("product", "customer", "plan").get(pk=instance.pk)
    provisioner().ensure(_wanted(wanted))
    return instance
