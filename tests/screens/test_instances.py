"""An instance: its price and its use."""

from __future__ import annotations

import pytest

from instances.models import Instance
from ondemand import clock
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast, sign_in
from tests.screens.pages import NOW, file_of, instance_of, settle, shown

pytestmark = pytest.mark.django_db


def test_an_instance_shows_how_its_price_is_made(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    instance = instance_of(customer)
    factories.make_cycle(instance=instance, now=NOW, peak=7)
    factories.make_cycle(instance=instance, now=NOW, peak=50, months_ago=1)
    browser = sign_in(world.iberia.owner)
    page = shown(browser, instance.get_absolute_url())
    assert "7 at most − 2 included" in page
    assert "€109.00" in page
    assert [row["price"] for row in file_of(browser, "/instances/?export=csv")] == ["109.00"]


def test_an_instance_that_has_ended_costs_nothing(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    with as_worker():
        Instance.objects.filter(customer=customer).update(
            state=Instance.State.TERMINATED, running_at=None, ended_at=NOW
        )
    browser = sign_in(world.iberia.owner)
    assert [row["price"] for row in file_of(browser, "/instances/?export=csv")] == [""]
    assert "How the price is made" not in shown(browser, instance_of(customer).get_absolute_url())


def test_an_instance_shows_its_usage_by_day(world: Cast) -> None:
    instance = instance_of(settle(world.iberia, world, "Bodegas Vega"))
    factories.make_reading(instance=instance, day=clock.usage_day(NOW), users=1234)
    page = shown(sign_in(world.iberia.support), instance.get_absolute_url())
    assert 'class="chart"' in page
    assert "1,234" in page
