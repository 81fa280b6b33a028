from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from customers.models import Person, Subscription
from ondemand.models import User
from ondemand.tenancy.context import as_worker
from partners.models import Plan
from tests import factories
from tests.standins.conftest import standin, stripe_base
from tests.standins.stripe_process import Standin
from tests.usage.world import World, make_dearer_plan, make_plan, world

__all__ = ["standin", "stripe_base"]
NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)


@dataclass
class Shop:
    """A customer on the smaller of two plans, ten days into the first month."""

    world: World
    starter: Plan
    team: Plan
    ana: User

    @property
    def at(self) -> str:
        return f"/account/subscriptions/{self.world.subscription.pk}/plan/"

    @property
    def plan(self) -> Plan:
        with as_worker():
            return Subscription.objects.select_related("plan").get(pk=self.world.subscription.pk).plan

    def at_stripe(self) -> str:
        found = self.world.standin.v1.subscriptions.retrieve(self.world.subscription.stripe_id)
        return str(found["items"].data[0].price.id)

    def browser(self, role: str = Person.Role.OWNER) -> Client:
        if role == Person.Role.OWNER:
            return factories.sign_in(self.ana)
        user = factories.make_person(customer=self.world.customer, email=f"{role}@acme.example")
        with as_worker():
            Person.objects.filter(user=user).update(role=role)
        return factories.sign_in(user)

    def confirm(self, browser: Client, plan: Plan, *, at: int | None = None) -> tuple[int, str]:
        """As the button on the page of the amounts does."""
        page = browser.get(self.at, {"plan": plan.pk})
        known = page.context["confirmation"].initial if at is None else {"plan": plan.pk, "at": at}
        answer = browser.post(self.at, known, follow=True)
        return answer.status_code, answer.content.decode()


@pytest.fixture
def shop(db: None, standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    plan = make_plan(now=NOON)
    team = make_dearer_plan(plan)
    house = factories.make_house(code="iberia", product=plan.product, now=NOON)
    with world(standin, house, plan, team, began=NOON) as made:
        monkeypatch.setattr("ondemand.clock.now", lambda: made.now)
        made.boot("shop")
        made.wait(days=10)
        yield Shop(made, plan, team, factories.make_person(customer=made.customer, email="ana@acme.example"))


@pytest.fixture
def on_team(shop: Shop) -> Shop:
    """In the month after the change up."""
    shop.confirm(shop.browser(), shop.team)
    shop.world.wait_until(shop.world.cycle[1] + timedelta(hours=2))
    shop.world.sync()
    return shop
