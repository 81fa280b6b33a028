"""Instances that are silent, or here for a part of a cycle only: what they used is billed once, with its own days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instances.models import Suspension
from instances.services import suspensions
from ondemand.tenancy.context import as_worker
from tests.conftest import in_ci
from tests.usage.oracle import Key, Report, billed
from tests.usage.world import World

pytestmark = in_ci


@pytest.fixture
def shop(spring: World) -> World:
    spring.boot("shop")
    return spring


def told_late(world: World) -> list[Report]:
    """Silent for the last five days of a cycle and the first three of the next, whose invoice is final by then."""
    world.wait_until(world.cycle[1] - timedelta(days=5))
    early = Report("shop", world.today, 5, 0, 0)
    world.report(early)
    world.push()
    world.wait(days=8)
    return [early, *(Report("shop", world.today - timedelta(days=ago), 14 - ago, 0, 0) for ago in range(7, 0, -1))]


def users_by_invoice(world: World) -> list[list[int]]:
    """Oldest first."""
    return [sorted(world.lines(each).values()) for each in reversed(world.invoices())]


def test_what_a_silent_instance_tells_late_is_billed_by_cycle_and_the_closed_one_on_the_next(shop: World) -> None:
    reports = told_late(shop)
    assert shop.report(*reports[1:]).refused == []
    shop.push()
    shop.wait(days=32)
    assert dict(shop.billed()) == billed(reports, shop.calendar)
    [first, second, third] = users_by_invoice(shop)
    assert (first, second) == ([], [3])
    late = [line for line in shop.invoices()[0].lines.data if line.period.end <= shop.invoices()[1].period_end]
    assert [line.quantity for line in late if line.parent.type == "invoice_item_details"] == [third[0]]
    assert sum(second + third) == sum(billed(reports, shop.calendar).values())


@pytest.mark.parametrize("point", [1, 2, 3, 4, 5, 6])
def test_who_is_killed_while_late_usage_is_told_to_stripe_bills_it_once(shop: World, point: int) -> None:
    reports = told_late(shop)
    shop.report(*reports[1:])
    shop.push(killed_at=point)
    shop.wait(minutes=3)
    shop.push()
    shop.wait(days=32)
    assert dict(shop.billed()) == billed(reports, shop.calendar)


@pytest.mark.parametrize("told", [True, False])
def test_an_instance_that_began_and_was_stopped_within_a_cycle_is_billed_with_it(shop: World, told: bool) -> None:
    """Also where it was stopped before Stripe was told what it used."""
    shop.wait(days=5)
    stall = shop.boot("stall")
    shop.use(stall, 4)
    shop.wait(days=3)
    shop.use(stall, 9, terminals=2)
    if told:
        shop.push()
    with as_worker():
        assert suspensions.suspend(stall.pk, Suspension.Cause.STAFF, reason="asked for", now=shop.now)
    shop.push()
    shop.wait(days=32)
    cycle = (int(shop.subscription.started_at.timestamp()), int(shop.subscription.anchor.timestamp()))
    assert shop.lines(shop.invoices()[0]) == {
        Key("stall: named users", *cycle): 7,
        Key("stall: POS terminals", *cycle): 1,
    }
    shop.wait(days=31)
    assert shop.lines(shop.invoices()[0]) == {}
