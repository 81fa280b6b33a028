"""A customer who leaves at the end of the term: billed is what was said, then all ends; or who stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from customers import cancelling
from customers.models import Cancellation
from customers.remaining import Bill, remaining_bills
from instances.models import Instance
from ondemand import clock
from ondemand.models import Mail, User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.conftest import in_ci
from tests.scenarios.house import House
from tests.usage.world import dying

pytestmark = in_ci

EACH, INCLUDED = 1500, 2  # of the plan's named users


def owner(house: House) -> User:
    with as_worker():
        known = User.objects.filter(email="ana@acme.example").first()
    return known or factories.make_person(customer=house.world.customer, email="ana@acme.example")


def cancel(house: House) -> Cancellation:
    said: dict[str, Any] = {"reason": "price", "text": "It is too dear.", "by": owner(house), "now": house.now}
    with as_worker():
        made = cancelling.cancel(house.world.subscription.pk, **said)
    assert cancelling.tell(made.pk, now=house.now)
    known(house)
    return made


def known(house: House) -> None:
    house.world.wait(seconds=2)
    house.world.sync()
    with as_worker():
        cancelling.close(now=house.now)


def wait_months(house: House, count: int) -> None:
    for _ in range(count):
        house.world.wait_until(house.world.cycle[1] + timedelta(hours=2))
    house.world.sync()


def said(house: House, cancellation: Cancellation) -> list[Bill]:
    with as_worker():
        subscription = type(house.world.subscription).objects.select_related("plan").get(pk=house.world.subscription.pk)
    return remaining_bills(subscription, cancellation.ends_at)


def work_until_the_end(house: House) -> list[int]:
    """Each cycle some more users, noon of its last day but one; how many are billed in each."""
    used: list[int] = []
    while house.world.standin.v1.subscriptions.retrieve(house.world.subscription.stripe_id).status == "active":
        ends = house.world.cycle[1]
        house.world.wait_until(ends - timedelta(hours=36))
        used.append(3 + len(used))
        house.world.use(house.instance, used[-1])
        house.world.push()
        house.world.wait_until(ends + timedelta(hours=2))
    known(house)
    return used


def lines_of(invoice: Any) -> tuple[int, int]:
    """Its base price and its usage, where no line is prorated."""
    base = usage = 0
    for line in invoice.lines.data:
        details = line.parent.subscription_item_details or line.parent.invoice_item_details
        assert not details.proration
        base, usage = (
            (base + line.amount, usage) if line.parent.subscription_item_details else (base, usage + line.amount)
        )
    return base, usage


def mailed(*words: str) -> list[str]:
    with as_worker():
        found = Mail.objects.filter(key__startswith="cancellation-").order_by("pk")
        return [mail.recipient for mail in found if all(word in mail.text for word in words)]


def test_what_was_said_would_be_billed_is_billed_and_then_the_subscription_ends(house: House) -> None:
    wait_months(house, 8)
    before = len(house.world.invoices())
    cancellation = cancel(house)
    bills = said(house, cancellation)
    used = work_until_the_end(house)
    billed = list(reversed(house.world.invoices()[:-before]))
    assert [lines_of(each) for each in billed] == [
        (bill.base, (users - INCLUDED) * EACH) for bill, users in zip(bills, used, strict=True)
    ]
    assert [bill.base for bill in bills] == [4900] * (len(bills) - 1) + [0]
    assert {each.status for each in billed} == {"paid"}
    assert [clock.instant(each.created) for each in billed] == [bill.at for bill in bills]


def test_the_term_is_of_twelve_cycles_and_ends_with_one(house: House) -> None:
    cancellation = cancel(house)
    assert len(said(house, cancellation)) == 12
    work_until_the_end(house)
    ended = house.world.standin.v1.subscriptions.retrieve(house.world.subscription.stripe_id).ended_at
    assert ended and clock.instant(ended) == cancellation.ends_at == house.world.cycle[1]


def test_no_preview_ever_shows_a_proration(house: House) -> None:
    cancellation, id = cancel(house), house.world.subscription.stripe_id
    asked: Any = {"cancel_at": int(cancellation.ends_at.timestamp()), "proration_behavior": "create_prorations"}
    for _ in range(11):
        assert lines_of(house.world.standin.v1.invoices.create_preview({"subscription": id}))[0] == 4900
        lines_of(house.world.standin.v1.invoices.create_preview({"subscription": id, "subscription_details": asked}))
        wait_months(house, 1)


def test_customer_and_partner_are_told_once_of_the_cancellation_and_of_the_end(house: House) -> None:
    wait_months(house, 10)
    cancel(house)
    cancel(house)
    assert mailed("was cancelled") == ["ana@acme.example", "owner@iberia.example"]
    assert mailed("It is too dear.") == ["owner@iberia.example"]
    work_until_the_end(house)
    known(house)
    assert mailed("has ended") == ["ana@acme.example", "owner@iberia.example"]


def test_the_instance_is_stopped_with_the_subscription(house: House) -> None:
    wait_months(house, 11)
    cancel(house)
    work_until_the_end(house)
    with as_worker():
        assert Instance.objects.to_stop().filter(pk=house.instance.pk).exists()


def test_who_undoes_it_goes_on_for_another_year(house: House) -> None:
    wait_months(house, 10)
    cancellation = cancel(house)
    with as_worker():
        assert cancelling.undo(cancellation.pk, by=cancellation.by, now=house.now)
    assert cancelling.tell(cancellation.pk, now=house.now)
    known(house)
    wait_months(house, 3)
    assert lines_of(house.world.invoices()[0])[0] == 4900
    with as_worker():
        subscription = house.world.subscription
        assert (subscription.state, subscription.cancel_at) == ("active", None)
        assert subscription.term_ends_at(house.now) == clock.months_later(cancellation.ends_at, 12)
    assert mailed("goes on and renews itself") == ["ana@acme.example", "owner@iberia.example"]


def test_killed_anywhere_stripe_knows_of_the_end_and_then_of_its_undoing(house: House) -> None:
    said: dict[str, Any] = {"reason": "price", "text": "", "by": owner(house), "now": house.now}
    with as_worker():
        made = cancelling.cancel(house.world.subscription.pk, **said)
    id = house.world.subscription.stripe_id
    assert told_in_spite_of_deaths(house, made) > 3
    assert house.world.standin.v1.subscriptions.retrieve(id).cancel_at == int(made.ends_at.timestamp())
    with as_worker():
        assert cancelling.undo(made.pk, by=made.by, now=house.now)
    assert told_in_spite_of_deaths(house, made) > 3
    assert house.world.standin.v1.subscriptions.retrieve(id).cancel_at is None


def told_in_spite_of_deaths(house: House, made: Cancellation) -> int:
    """Killed at its first point, then at its second, until a run gets to its end. How many deaths that were."""
    for point in range(1, 20):
        with dying(point):
            cancelling.tell(made.pk, now=house.now)
        with as_worker():
            made.refresh_from_db()
        if made.told_at:
            return point - 1
        house.world.wait(minutes=2)
    raise AssertionError("it never ended")


def test_an_end_that_was_taken_away_at_stripe_is_undone_here(house: House) -> None:
    cancellation = cancel(house)
    house.world.standin.v1.subscriptions.update(house.world.subscription.stripe_id, {"cancel_at": ""})
    known(house)
    with as_worker():
        cancellation.refresh_from_db()
    assert cancellation.undone_at is not None
    assert cancellation.undone_by is None


def test_an_end_that_was_set_at_stripe_shows_and_is_not_cancelled_again(house: House) -> None:
    at = clock.months_later(house.world.subscription.anchor, 2)
    id = house.world.subscription.stripe_id
    house.world.standin.v1.subscriptions.update(id, {"cancel_at": int(at.timestamp())})
    known(house)
    browser: Client = factories.sign_in(owner(house))
    address = f"/account/subscriptions/{house.world.subscription.pk}/cancel/"
    page = browser.get(address).content.decode()
    assert "This subscription ends on" in page
    assert "ends already" in browser.post(address, {"reason": "price"}, follow=True).content.decode()
    with as_worker():
        assert not Cancellation.objects.exists()
