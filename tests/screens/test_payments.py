"""What is coming to a partner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ondemand import clock
from ondemand.tenancy.context import tenant
from payments.balances import Balance, balances
from tests import factories
from tests.factories import Cast, House, sign_in
from tests.screens.pages import NOW, figure, settle, shown

pytestmark = pytest.mark.django_db


def test_what_is_coming_stands_above_the_payments(world: Cast) -> None:
    customer = settle(world.iberia, world, "Bodegas Vega")
    factories.make_earnings(customer=customer, at=NOW - timedelta(days=1), amounts=(7_000,))
    page = shown(sign_in(world.iberia.owner), "/payments/")
    assert "€80.00" in page
    assert "€14.00" in page
    assert "Set up a bank account" in page


def test_the_next_payment_has_the_day_on_which_enough_is_payable(world: Cast) -> None:
    customer = factories.make_customer(house=world.iberia, plan=world.plan, now=NOW)
    for days, amount in ((40, 10_000), (10, 10_000), (5, 10_000), (1, 10_000)):
        factories.make_earnings(customer=customer, at=NOW - timedelta(days=days), amounts=(amount,))
    (found,) = balances_of(world.iberia)
    assert (found.payable, found.pending) == (2_000, 6_000)
    assert (found.ready, found.ready_on) == (6_000, clock.business_day(NOW) + timedelta(days=25))
    assert "carried forward: reaches the minimum of €50.00" in shown(sign_in(world.iberia.owner), "/payments/")
    assert figure(shown(sign_in(world.iberia.owner), "/dashboard/"), "Next payment to you") == "€60.00"


def balances_of(house: House) -> list[Balance]:
    with tenant(house.scope):
        return balances(house.partner.pk, today=clock.business_day(NOW))
