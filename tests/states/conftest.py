from __future__ import annotations

from typing import Any

import pytest

from customers.models import Customer
from ondemand.tenancy.context import as_worker
from partners.models import Plan
from tests import factories
from tests.path.conftest import park, walk
from tests.path.walk import Walk
from tests.standins.conftest import standin, stripe_base
from tests.states.desk import Desk

__all__ = ["park", "standin", "stripe_base", "walk"]


@pytest.fixture
def desk(walk: Walk) -> Desk:
    """A customer without a default card, who is known here."""
    plan = factories.make_plan(now=walk.now)
    house = factories.make_house(code="iberia", product=plan.product, now=walk.now)
    here = factories.make_customer(house=house, plan=plan, now=walk.now)
    factories.make_person(customer=here, email="ana@acme.example")
    product = walk.standin.v1.products.create({"name": "OBPS"}).id
    given: Any = {"product": product, "currency": "eur", "unit_amount": 1_333}
    users = walk.standin.v1.prices.create(given).id
    base = walk.standin.v1.prices.create(given | {"recurring": {"interval": "month"}}).id
    customer = walk.standin.v1.customers.create({"name": "Acme"}).id
    with as_worker():
        Customer.objects.filter(pk=here.pk).update(stripe_id=customer)
        Plan.objects.update(stripe_base_price=base)
    return Desk(walk.standin, {"users": users, "base": base}, customer)
