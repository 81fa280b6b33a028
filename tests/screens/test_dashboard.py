"""The Dashboard: figures that are the lists behind them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from instances.models import Instance
from ondemand import clock
from tests import factories
from tests.factories import Cast, sign_in
from tests.screens.pages import NOW, figure, instance_of, settle, shown

pytestmark = pytest.mark.django_db


def test_the_dashboards_figures_are_the_lists_behind_them(world: Cast) -> None:
    one, other = (settle(world.iberia, world, name) for name in ("Bodegas Vega", "Moda Prado"))
    settle(world.nordic, world, "Fjord Handel")
    factories.make_cycle(instance=instance_of(one), now=NOW, peak=7, months_ago=1)
    factories.make_earnings(customer=other, at=NOW, amounts=(5_000,))
    page = shown(sign_in(world.iberia.owner), "/dashboard/")
    assert figure(page, "Customers") == "2"
    assert figure(page, "Running instances") == "2"
    assert figure(page, "Monthly recurring revenue") == "€158.00"
    assert figure(page, "Commission this month") == "€10.00"
    assert figure(page, "Next payment to you") == "€160.00"


def test_the_dashboard_counts_the_funnel_and_the_median_boot(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    factories.make_visits(house=world.iberia, day=clock.business_day(NOW), visits=40)
    factories.make_signup(house=world.iberia, plan=world.plan, now=NOW)
    factories.make_signup(house=world.iberia, plan=world.plan, now=NOW, instance=instance_of(customer))
    factories.make_signup(house=world.iberia, plan=world.plan, now=NOW - timedelta(days=31))
    page = shown(sign_in(world.iberia.owner), "/dashboard/")
    assert re.findall(r"<b>(\d+)</b> <span class=.soft.>", page) == ["40", "2", "1", "1"]
    assert "within 4 minutes" in page


def test_the_dashboard_says_what_needs_attention(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW, state="past_due")
    factories.make_instance(customer=customer, now=NOW, state=Instance.State.FAILED)
    page = shown(sign_in(world.iberia.owner), "/dashboard/")
    for words in ("1 customer is past due", "1 instance failed to boot", "Set up your bank account"):
        assert words in page
