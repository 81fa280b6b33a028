"""The page on which a customer's owner leaves and stays, and every screen that shows the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from customers import cancelling
from customers.models import Cancellation, Customer, Person, Subscription
from instances.models import Instance
from ondemand import clock
from ondemand.models import Mail, User
from ondemand.portal import values
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast, sign_in

NOW = clock.now()


@dataclass
class World:
    cast: Cast
    customer: Customer
    subscription: Subscription
    instance: Instance
    ana: User

    @property
    def address(self) -> str:
        return f"/account/subscriptions/{self.subscription.pk}/cancel/"

    @property
    def day(self) -> str:
        """As English pages write it."""
        return values.day_text(clock.business_day(self.subscription.term_ends_at(NOW)))

    def cancel(self, **changes: str) -> Any:
        return sign_in(self.ana).post(self.address, {"reason": "lacks", "text": "No payroll."} | changes)

    def colleague(self, role: str) -> User:
        user = factories.make_person(customer=self.customer, email=f"{role}@vega.example")
        with as_worker():
            Person.objects.filter(user=user).update(role=role)
        return user

    def end_is_known(self) -> str:
        """As Stripe's event then brings it, on a day that no page shows otherwise. Returns the day."""
        ends_at = clock.months_later(self.subscription.anchor, 3)
        with as_worker():
            Subscription.objects.filter(pk=self.subscription.pk).update(cancel_at=ends_at)
        return values.day_text(clock.business_day(ends_at))


@pytest.fixture
def world(db: None) -> World:
    cast = factories.make_cast(now=NOW)
    customer = factories.make_customer(house=cast.iberia, plan=cast.plan, now=NOW, name="Bodegas Vega")
    instance = factories.make_instance(customer=customer, now=NOW)
    ana = factories.make_person(customer=customer, email="ana@vega.example")
    with as_worker():
        return World(cast, customer, customer.subscriptions.get(), instance, ana)


def rows() -> list[Cancellation]:
    with as_worker():
        return list(Cancellation.objects.order_by("pk"))


def test_the_page_says_when_it_ends_and_what_will_still_be_billed(world: World) -> None:
    page = sign_in(world.ana).get(world.address)
    assert world.day in page.content.decode()
    bills = page.context["bills"]
    assert [bool(bill["amount"]) for bill in bills] == [True] * (len(bills) - 1) + [False]


def test_the_reason_is_kept_and_the_end_is_that_of_the_term(world: World) -> None:
    assert world.cancel()["Location"] == "/account/"
    (row,) = rows()
    assert (row.reason, row.text, row.by) == ("lacks", "No payroll.", world.ana)
    assert row.ends_at == world.subscription.term_ends_at(NOW)


def test_a_reason_is_needed_and_what_was_typed_is_kept(world: World) -> None:
    answer = world.cancel(reason="")
    text = answer.content.decode()
    assert (answer.status_code, rows()) == (422, [])
    assert "No payroll." in text
    assert "This field is required." in text


@pytest.mark.parametrize("role", ["billing", "technical"])
def test_only_an_owner_cancels_and_undoes(world: World, role: str) -> None:
    browser = sign_in(world.colleague(role))
    assert browser.get(world.address).status_code == 403
    assert browser.post(world.address, {"reason": "price"}).status_code == 403
    world.cancel()
    assert browser.post(f"{world.address}undo/").status_code == 403
    assert rows()[0].undone_at is None


def test_a_second_click_is_the_same_cancellation(world: World) -> None:
    world.cancel()
    world.cancel()
    assert len(rows()) == 1


def test_a_subscription_is_cancelled_once_at_a_time(world: World) -> None:
    world.cancel()
    (row,) = rows()
    row.pk = None
    with as_worker(), pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_it_is_undone_until_the_end_and_not_again(world: World) -> None:
    world.cancel()
    browser = sign_in(world.ana)
    assert "goes on" in browser.post(f"{world.address}undo/", follow=True).content.decode()
    assert rows()[0].undone_by == world.ana
    assert "no cancellation that could" in browser.post(f"{world.address}undo/", follow=True).content.decode()


def test_at_the_end_it_cannot_be_undone(world: World) -> None:
    world.cancel()
    (row,) = rows()
    with as_worker():
        assert not cancelling.undo(row.pk, by=world.ana, now=row.ends_at)


def test_while_stripe_is_told_of_the_end_its_undoing_waits(world: World) -> None:
    """So that the call that began earlier cannot come last."""
    world.cancel()
    (row,), now = rows(), clock.now()
    claimed = cancelling._claim(row.pk, now)
    assert claimed is not None
    with as_worker():
        cancelling.undo(row.pk, by=world.ana, now=now)
        assert not Cancellation.objects.to_tell(now).exists()
        assert Cancellation.objects.to_tell(now + cancelling.LEASE).exists()
    assert not cancelling._record(claimed, now)
    (row,) = rows()
    assert (row.told_at, row.call_key) == (None, "")


def test_the_account_says_it_before_stripe_does(world: World) -> None:
    browser = sign_in(world.ana)
    assert "at the end of the term" in browser.get("/account/").content.decode()
    world.cancel()
    page = browser.get("/account/").content.decode()
    assert "What will still be billed, and how to stay" in page
    assert "at the end of the term" not in page


@pytest.mark.parametrize("address", ["/customers/", "/customers/?leaving=yes", "/instances/", "customer", "instance"])
def test_every_screen_of_the_partner_shows_the_end(world: World, address: str) -> None:
    known = {"customer": world.customer.get_absolute_url(), "instance": world.instance.get_absolute_url()}
    day = world.end_is_known()
    assert day in sign_in(world.cast.iberia.owner).get(known.get(address, address)).content.decode()


def test_the_partner_reads_why_and_is_led_to_who_leaves(world: World) -> None:
    world.cancel()
    world.end_is_known()
    browser = sign_in(world.cast.iberia.owner)
    assert "1 customer is leaving" in browser.get("/dashboard/").content.decode()
    page = browser.get(world.customer.get_absolute_url()).content.decode()
    assert "It lacks something that we need" in page
    assert "No payroll." in page


def test_the_partners_mail_alone_says_why(world: World) -> None:
    world.cancel()
    with as_worker():
        mails = {mail.recipient: mail.text for mail in Mail.objects.filter(key__startswith="cancellation-")}
    assert set(mails) == {"ana@vega.example", "owner@iberia.example"}
    assert "No payroll." in mails["owner@iberia.example"]
    assert "No payroll." not in mails["ana@vega.example"]


def test_staff_undo_it_with_a_reason(world: World) -> None:
    world.cancel()
    (row,) = rows()
    browser = factories.sign_in_anew(factories.make_user(email="sam@openbravo.example", is_staff=True))
    given = {"action": "undo", "_selected_action": row.pk, "why": ""}
    assert browser.post("/admin/customers/cancellation/", given).status_code == 422
    browser.post("/admin/customers/cancellation/", given | {"why": "They called"})
    assert rows()[0].undone_at is not None


def test_a_term_is_a_year_of_cycles(world: World) -> None:
    subscription = world.subscription
    subscription.started_at, subscription.anchor = map(clock.instant, (1_798_372_800, 1_800_745_200))
    first = subscription.term_ends_at(subscription.started_at)
    assert first == clock.months_later(subscription.anchor, 11)
    assert subscription.term_ends_at(first) == clock.months_later(subscription.anchor, 23)
    assert subscription.cycle_at(first)[0] == first
