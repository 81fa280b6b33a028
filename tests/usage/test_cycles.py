"""What is called a cycle here is Stripe's period, whatever the calendar does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings

from customers.models import Subscription
from ondemand import clock
from tests.conftest import in_ci
from tests.usage.conftest import Make

MADRID, NEW_YORK = "Europe/Madrid", "America/New_York"
STARTS = [
    datetime(2027, 1, 31, 10, tzinfo=UTC),
    datetime(2027, 1, 30, 23, 30, tzinfo=UTC),  # the 31st in Madrid
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2027, 2, 28, 23, 30, tzinfo=UTC),  # 1 March in Madrid
    datetime(2027, 10, 10, 22, 10, tzinfo=UTC),  # 00:10 in Madrid, whose clocks change within the month
    datetime(2027, 10, 31, 0, 30, tzinfo=UTC),  # in the hour that comes twice
]


@in_ci
@pytest.mark.parametrize("began", STARTS, ids=str)
def test_every_cycle_of_a_year_is_stripes_period(make: Make, began: datetime) -> None:
    world = make(began)
    for _ in range(14):
        period = world.cycle
        middle = period[0] + (period[1] - period[0]) / 2
        for instant in (period[0], middle, period[1] - timedelta(seconds=1)):
            assert world.subscription.cycle_at(instant) == period
        world.wait_until(period[1] + timedelta(minutes=1))


@pytest.mark.parametrize("zone", [MADRID, NEW_YORK])
def test_whenever_someone_signs_up_stripe_takes_the_anchor_and_it_is_a_midnight(zone: str) -> None:
    """Stripe refuses one that is later than a month after the payment, counted in UTC."""
    at, last = datetime(2027, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    with override_settings(ZONE_TIME_ZONE=zone):
        while at < last:
            anchor = Subscription.first_cycle_end(at)
            local = anchor.astimezone(clock.zone())
            assert (local.hour, local.minute) == (0, 0)
            for paid in (at, at + timedelta(hours=12), at + timedelta(hours=23, minutes=59)):
                assert anchor <= clock.months_later(paid, 1), (at, paid, anchor)
            assert anchor > at + timedelta(days=26), (at, anchor)
            at += timedelta(minutes=437)
