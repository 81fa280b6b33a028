"""Each peak is billed once: on its own cycle's invoice while that can be changed, else on the next."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instances.models import UsageCycle
from instances.services import plans, usage
from ondemand.tenancy.context import as_worker
from tests.conftest import in_ci
from tests.usage.oracle import Key, Report, billed
from tests.usage.world import World

pytestmark = in_ci


def only(world: World) -> UsageCycle:
    with as_worker():
        return UsageCycle.objects.get(meter="users", starts=world.subscription.started_at)


def quantities(world: World) -> list[list[int]]:
    """Named users on each invoice, oldest first."""
    return [list(world.lines(each).values()) for each in reversed(world.invoices())]


def reported_at_the_end(world: World, users: int) -> None:
    """Before the first cycle ends; 90 minutes before its end."""
    world.wait_until(world.cycle[1] - timedelta(minutes=90))
    world.use(world.instances[0], users, ago=1)
    world.push()


@pytest.fixture
def shop(spring: World) -> World:
    spring.boot("shop")
    return spring


def test_a_day_that_ends_in_the_next_cycle_is_not_billed_with_this_one(shop: World) -> None:
    """The anchor is 23:00 UTC: the day's last hour, and so the day, is the next cycle's."""
    reported_at_the_end(shop, 5)
    shop.use(shop.instances[0], 9)
    shop.push()
    shop.wait(hours=3)
    shop.push()
    shop.wait(days=32)
    assert quantities(shop) == [[], [3], [7]]


def test_while_stripe_has_not_renewed_the_next_cycle_waits(shop: World) -> None:
    """Its renewal may lag: what is pending then would go on the invoice of the cycle before."""
    reported_at_the_end(shop, 5)
    shop.use(shop.instances[0], 9)
    with as_worker():
        cycle = UsageCycle.objects.get(meter="users", starts=shop.cycle[1])
        begun = shop.cycle[1] + timedelta(seconds=1)  # by our clock
        plans.price(now=begun)
    assert usage.push(cycle.pk, now=begun) is False
    assert quantities(shop) == [[]]
    assert sum(shop.billed().values()) == 3
    shop.wait(hours=3)
    shop.push()
    assert sum(shop.billed().values()) == 3 + 7


def test_what_comes_while_the_invoice_is_a_draft_is_corrected_there(shop: World) -> None:
    reported_at_the_end(shop, 5)
    shop.wait(minutes=100)
    shop.use(shop.instances[0], 8, ago=2)
    shop.push()
    shop.wait(hours=2)
    assert shop.invoices()[0].status == "paid"
    assert quantities(shop) == [[], [6]]


def test_what_is_first_heard_of_while_the_invoice_is_a_draft_goes_on_it(shop: World) -> None:
    shop.wait_until(shop.cycle[1] + timedelta(minutes=10))
    shop.use(shop.instances[0], 8, ago=2)
    shop.push()
    shop.wait(hours=2)
    assert quantities(shop) == [[], [6]]


def test_what_comes_after_the_invoice_is_a_line_of_the_next_for_the_old_cycles_days(shop: World) -> None:
    reported_at_the_end(shop, 5)
    shop.wait(days=3)
    shop.use(shop.instances[0], 8, ago=5)
    shop.push()
    shop.wait(days=31)
    assert quantities(shop) == [[], [3], [3]]
    cycle = only(shop)
    late = next(line for line in shop.invoices()[0].lines.data if line.parent.type == "invoice_item_details")
    assert (late.period.start, late.period.end) == (int(cycle.starts.timestamp()), int(cycle.ends.timestamp()))
    assert late.metadata["usage_cycle"] == str(cycle.pk)


def test_a_rise_that_stripe_knows_and_we_do_not_is_not_billed_again(shop: World) -> None:
    """Killed after Stripe had raised the item; then the invoice became final."""
    reported_at_the_end(shop, 5)
    shop.use(shop.instances[0], 8, ago=2)
    shop.push(killed_at=4)
    shop.wait(days=3)
    shop.push()
    shop.wait(days=31)
    assert quantities(shop) == [[], [6], []]


def test_an_item_that_was_made_before_an_outage_of_days_is_found_again(shop: World) -> None:
    """Stripe forgets an idempotency key after a day; what the call made says which call it was."""
    shop.wait(days=5)
    shop.use(shop.instances[0], 8, ago=2)
    shop.push(killed_at=4)
    assert [item.quantity for item in shop.items()] == [6]
    shop.wait(days=3)
    shop.push()
    assert [item.quantity for item in shop.items()] == [6]
    assert only(shop).item_id == shop.items()[0].id


def test_what_a_void_invoice_forgave_is_not_billed_again(shop: World) -> None:
    shop.standin.v1.customers.update(shop.customer.stripe_id, {"invoice_settings": {"default_payment_method": ""}})
    reported_at_the_end(shop, 5)
    shop.wait(days=2)
    shop.standin.v1.invoices.void_invoice(shop.invoices()[0].id)
    shop.use(shop.instances[0], 8, ago=5)
    shop.push()
    assert [item.quantity for item in shop.items() if not item.invoice] == [3]


def test_an_item_that_went_with_a_deleted_draft_is_made_again(shop: World) -> None:
    shop.use(shop.instances[0], 5)
    shop.push()
    drafted = shop.standin.v1.invoices.create(
        {"customer": shop.customer.stripe_id, "pending_invoice_items_behavior": "include",
         "subscription": shop.subscription.stripe_id}
    )  # fmt: skip
    shop.standin.v1.invoices.delete(drafted.id)
    shop.use(shop.instances[0], 6)
    shop.push()
    assert [item.quantity for item in shop.items()] == [4]


def test_what_comes_after_the_last_invoice_of_an_ended_subscription_is_given_up_and_says_so(shop: World) -> None:
    reported_at_the_end(shop, 5)
    end = shop.cycle[1]
    shop.standin.v1.subscriptions.update(
        shop.subscription.stripe_id, {"cancel_at": int(end.timestamp()), "proration_behavior": "none"}
    )
    shop.wait_until(end + timedelta(minutes=10))
    shop.use(shop.instances[0], 6, ago=2)
    shop.push()
    shop.wait(hours=2)
    assert quantities(shop) == [[], [4]]  # the last draft took it
    shop.use(shop.instances[0], 9, ago=2)
    shop.push()
    cycle = only(shop)
    assert (cycle.billable, cycle.pushed, cycle.closed_at is not None) == (7, 4, True)
    with as_worker():
        assert not UsageCycle.objects.to_push(shop.now + timedelta(days=400)).exists()


def test_an_instance_that_was_silent_all_the_cycle_is_billed_nothing(shop: World) -> None:
    other = shop.boot("other")
    shop.use(other, 4)
    shop.push()
    shop.wait(days=33)
    assert set(shop.lines(shop.invoices()[0])) == {
        Key(
            "other: named users",
            int(shop.subscription.started_at.timestamp()),
            int(shop.subscription.anchor.timestamp()),
        )
    }


def test_doubled_and_disordered_heartbeats_and_a_disk_that_shrinks_bill_the_peak_once(shop: World) -> None:
    shop.wait(days=9)
    reports = [Report("shop", shop.today - timedelta(days=ago), 6 - ago, 0, 1024 * (5 + ago)) for ago in (0, 3, 1, 2)]
    for report in [*reports, *reversed(reports)]:
        shop.report(report)
        shop.push()
    assert dict(shop.billed()) == billed(reports, shop.calendar)
    assert sorted(shop.billed().values()) == [3, 4]  # 8 GB at most, 5 included; 6 users, 2 included


def test_a_day_before_the_instance_was_ordered_is_refused(shop: World) -> None:
    told = shop.report(Report("shop", shop.today - timedelta(days=1), 50, 0, 0))
    assert (told.accepted, len(told.refused)) == (0, 1)
