"""How often a process calls Stripe, and what it does when that was too often."""

from __future__ import annotations

import pytest
from django.test import override_settings

from ondemand.gateway import invoices
from ondemand.gateway.errors import TooMany, Unavailable
from ondemand.gateway.pace import Pace
from tests.path.conftest import forget_client
from tests.path.walk import Walk


class Time:
    """Passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def passing() -> Time:
    return Time()


def test_of_a_hundred_calls_no_second_sees_more_than_its_share(passing: Time) -> None:
    pace, calls = Pace(3, clock=lambda: passing.now, sleep=passing.sleep), []
    for _ in range(100):
        pace.wait()
        calls.append(passing.now)
    assert all(sum(begin <= call < begin + 0.999 for call in calls) <= 3 for begin in calls)
    assert 32 <= passing.now <= 34


def test_who_calls_seldom_does_not_wait(passing: Time) -> None:
    pace = Pace(3, clock=lambda: passing.now, sleep=passing.sleep)
    for _ in range(3):
        pace.wait()
    assert passing.now == 0
    passing.now = 60
    pace.wait()
    assert passing.now == 60


@pytest.mark.parametrize(("seconds", "wait"), [(0, 0), (30, 30)])
def test_too_many_calls_are_told_with_how_long_to_wait(walk: Walk, seconds: int, wait: int) -> None:
    walk.standin.control("faults", {"match": "GET /v1/invoices/*", "fault": "429", "seconds": seconds})
    with pytest.raises(TooMany) as told:
        invoices.fetch_invoice("in_1")
    assert told.value.wait == wait


@pytest.mark.parametrize("fault", ["500", "half", "hang"])
def test_no_answer_or_half_of_one_is_none_within_a_bound(walk: Walk, fault: str) -> None:
    walk.standin.control("faults", {"match": "GET /v1/invoices", "fault": fault, "times": 1})
    with override_settings(STRIPE_READ_SECONDS=0.3, STRIPE_RETRIES=0):
        forget_client()
        with pytest.raises(Unavailable):
            list(invoices.invoices_since(None))
