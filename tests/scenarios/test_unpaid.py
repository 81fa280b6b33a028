"""A customer who does not pay: suspended on the date foretold and never earlier, and running again once paid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from customers.models import Invoice, Subscription
from instances.models import Instance, Suspension
from instances.services import suspensions
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.conftest import in_ci, long_share
from tests.scenarios.house import LATER, House, boot

pytestmark = in_ci

UNPAID, STAFF = Suspension.Cause.UNPAID, Suspension.Cause.STAFF


def suspend(house: House, cause: str) -> bool:
    with as_worker():
        return suspensions.suspend(house.instance.pk, cause, reason="asked for", now=house.now)


def resume(house: House, cause: str) -> bool:
    with as_worker():
        return suspensions.resume(house.instance.pk, cause, reason="mended", now=house.now)


def test_who_does_not_pay_is_suspended_on_the_date_foretold_and_runs_again_once_paid(house: House) -> None:
    date = house.fail_to_pay()
    with as_worker():
        assert date == Invoice.objects.unpaid().get().effective_at + timedelta(days=14)  # type: ignore[operator]
    house.sweep(now=date - timedelta(minutes=1))
    assert (house.state, house.page()[0], house.suspensions()) == ("running", 200, [])
    house.sweep(now=date)
    assert (house.state, house.at_provider(), house.page()[0]) == ("suspended", "suspended", 503)
    house.pay()
    house.sweep(now=date + timedelta(days=1))
    assert (house.state, house.at_provider(), house.page()[0]) == ("running", "running", 200)
    assert [each.closed_at for each in house.suspensions()] == [date + timedelta(days=1)]


def test_the_suspended_address_says_why_how_to_pay_and_whom_to_ask(house: House) -> None:
    house.sweep(now=house.fail_to_pay())
    with as_worker():
        page_url = Invoice.objects.unpaid().get().page_url
    text = house.page()[1]
    assert all(told in text for told in ["An invoice is unpaid.", page_url, "Iberia"])


def test_the_invoice_is_fetched_again_before_a_suspension(house: House) -> None:
    date = house.fail_to_pay()
    house.take_card("pm_card_visa")
    with as_worker():
        unpaid = Invoice.objects.unpaid().get().stripe_id
    house.world.standin.v1.invoices.pay(unpaid)  # and no event comes
    house.sweep(now=date)
    assert (house.state, house.suspensions()) == ("running", [])


def test_nobody_is_suspended_while_stripe_does_not_answer(house: House) -> None:
    date = house.fail_to_pay()
    house.world.standin.control("faults", {"match": "GET /v1/invoices/*", "fault": "500", "times": 9})
    house.sweep(now=date)
    assert (house.state, house.suspensions()) == ("running", [])


def test_an_exemption_by_staff_holds_until_its_date(house: House) -> None:
    date = house.fail_to_pay()
    later = date + timedelta(days=10)
    with as_worker():
        Subscription.objects.update(exempt_until=later, exempt_reason="a transfer is under way")
    house.sweep(now=later - timedelta(minutes=1))
    assert house.state == "running"
    house.sweep(now=later)
    assert house.state == "suspended"


def test_it_runs_again_only_when_no_cause_is_open(house: House) -> None:
    date = house.fail_to_pay()
    assert suspend(house, STAFF)
    house.sweep(now=date)
    house.pay()
    house.sweep(now=date)
    assert house.state == "suspended"
    assert resume(house, STAFF)
    house.sweep(now=date)
    assert house.state == "running"


def test_the_unpaid_subscription_s_instances_alone_are_suspended(house: House) -> None:
    other = factories.make_customer(house=house.world.house, plan=house.world.plan, now=house.now)
    others = factories.make_instance(customer=other, now=house.now)
    second = boot(house.world)
    house.sweep(now=house.fail_to_pay())
    with as_worker():
        found = dict(Instance.objects.values_list("pk", "state"))
    assert found == {house.instance.pk: "suspended", second.pk: "suspended", others.pk: "running"}


def test_a_cause_is_open_once(house: House) -> None:
    assert [suspend(house, STAFF), suspend(house, STAFF)] == [True, False]
    [row] = house.suspensions()
    row.pk = None
    with as_worker(), pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    assert [resume(house, STAFF), resume(house, STAFF)] == [True, False]


def test_who_pays_while_being_suspended_runs_again(house: House) -> None:
    date = house.fail_to_pay()
    house.run(now=date)
    assert house.state == "suspending"
    house.pay()
    house.sweep(now=date + LATER)
    assert (house.state, house.at_provider()) == ("running", "running")


def test_a_provider_that_does_not_answer_is_asked_again_within_a_minute(house: House, settings: object) -> None:
    suspend(house, STAFF)
    right = settings.PARK_URL  # type: ignore[attr-defined]
    settings.PARK_URL = "http://127.0.0.1:1"  # type: ignore[attr-defined]
    for tries in range(8):
        house.follow(now=house.now + tries * LATER)
    assert (house.state, house.instance.tries) == ("suspending", 8)
    settings.PARK_URL = right  # type: ignore[attr-defined]
    house.follow(now=house.now + 8 * LATER)
    house.follow(now=house.now + 9 * LATER)
    assert (house.state, house.instance.error) == ("suspended", "")


def test_nothing_is_suspended_without_an_open_cause(house: House) -> None:
    """Over many orders of two causes, asked for and withdrawn, with looks at the provider between."""
    now = house.now
    for number in range(0, 2**6, 1 if long_share() else 9):
        for bit, act in enumerate([suspend, suspend, resume, suspend, resume, resume]):
            act(house, STAFF if number & (1 << bit) else UNPAID)
            if number % 5 == bit:
                now += LATER
                house.follow(now=now)
            with as_worker():
                held = Suspension.objects.open().exists()
            assert (house.state in (Instance.State.SUSPENDING, Instance.State.SUSPENDED)) == held
