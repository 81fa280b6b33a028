"""Staff end a subscription before its term: what was used is billed, what is unpaid collected or void, all is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from customers.models import Invoice
from instances.models import Ending, Instance
from instances.services import at_once
from ondemand.models import Mail, User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.conftest import in_ci
from tests.scenarios.house import House
from tests.usage.world import dying

pytestmark = in_ci

COLLECT, VOID = Ending.Unpaid.COLLECT, Ending.Unpaid.VOID


def people(house: House) -> User:
    factories.make_person(customer=house.world.customer, email="ana@acme.example")
    return factories.make_user(email="sam@openbravo.example", is_staff=True)


def asked(house: House, unpaid: str) -> Ending:
    by = people(house)
    with as_worker():
        return at_once.end_at_once(house.world.subscription, why="Fraud", unpaid=unpaid, by=by, now=house.now)


def ended(house: House, unpaid: str) -> Ending:
    ending = asked(house, unpaid)
    assert at_once.carry_out(ending.pk, now=house.now), error_of(ending)
    house.world.wait(seconds=2)
    house.world.sync()
    return ending


def error_of(ending: Ending) -> str:
    with as_worker():
        ending.refresh_from_db()
    return ending.error


def states() -> list[tuple[str, int]]:
    with as_worker():
        newest = Invoice.objects.exclude(total=0).order_by("-created_at", "-pk")
        return list(newest.values_list("state", "total"))


def mails() -> list[tuple[str, str]]:
    with as_worker():
        return list(Mail.objects.filter(key__startswith="ending-").order_by("pk").values_list("recipient", "text"))


def test_what_was_used_and_not_told_yet_is_billed_and_the_instance_is_stopped(house: House) -> None:
    house.world.use(house.instance, 9)
    ended(house, COLLECT)
    assert states()[0] == ("paid", 7 * 1500)
    with as_worker():
        house.world.subscription.refresh_from_db()
        assert house.world.subscription.state == "canceled"
        assert Instance.objects.to_stop().filter(pk=house.instance.pk).exists()


def test_nothing_is_left_pending(house: House) -> None:
    house.world.use(house.instance, 9)
    ended(house, COLLECT)
    assert [item.id for item in house.world.items() if item.invoice is None] == []


@pytest.mark.parametrize(("unpaid", "state"), [(VOID, "void"), (COLLECT, "paid")])
def test_what_is_unpaid_is_collected_or_void_as_staff_chose(house: House, unpaid: str, state: str) -> None:
    house.fail_to_pay()
    house.take_card("pm_card_visa")
    ended(house, unpaid)
    assert states()[0] == (state, 4900)


def test_what_cannot_be_collected_stays_open_and_is_said_to_be(house: House) -> None:
    house.fail_to_pay()
    ended(house, COLLECT)
    assert states()[0][0] == "open"
    assert "still to be paid http" in dict(mails())["ana@acme.example"]


def test_without_any_card_it_stays_open_too(house: House) -> None:
    house.fail_to_pay()
    v1 = house.world.standin.v1
    for card in v1.customers.payment_methods.list(house.world.customer.stripe_id).data:
        v1.payment_methods.detach(card.id)
    ended(house, COLLECT)
    assert states()[0][0] == "open"


def test_customer_and_partner_are_told_once_with_the_reason_and_each_invoice(house: House) -> None:
    house.world.use(house.instance, 9)
    ending = ended(house, COLLECT)
    at_once.carry_out(ending.pk, now=house.now + timedelta(hours=1))
    assert [to for to, _ in mails()] == ["ana@acme.example", "owner@iberia.example"]
    assert all("Fraud" in text and "€105.00: paid" in text for _, text in mails())


def test_it_is_asked_for_once(house: House) -> None:
    ending = asked(house, VOID)
    with as_worker(), pytest.raises(at_once.EndingRefused):
        at_once.end_at_once(house.world.subscription, why="Again", unpaid=VOID, by=ending.by, now=house.now)


def test_while_stripe_does_not_know_all_that_was_used_it_waits(house: House) -> None:
    house.world.use(house.instance, 9)
    ending = asked(house, COLLECT)
    house.world.standin.control("faults", {"match": "POST /v1/invoiceitems", "fault": "500", "times": 9})
    assert not at_once.carry_out(ending.pk, now=house.now)
    assert "does not know yet" in error_of(ending)
    house.world.standin.control("faults", method="DELETE")
    house.world.wait(minutes=5)
    assert at_once.carry_out(ending.pk, now=house.now)
    house.world.sync()
    assert states()[0] == ("paid", 7 * 1500)


def test_killed_anywhere_it_is_carried_on_and_nothing_is_billed_twice(house: House) -> None:
    house.fail_to_pay()
    house.take_card("pm_card_visa")
    house.world.use(house.instance, 9)
    ending = asked(house, COLLECT)
    points: Any = range(1, 60)
    for point in points:
        with dying(point):
            at_once.carry_out(ending.pk, now=house.now)
        error_of(ending)
        if ending.done_at:
            break
        house.world.wait(minutes=6)
    assert point > 8
    house.world.sync()
    assert [state for state, _ in states()] == ["paid"] * len(states())
    assert sum(total for _, total in states()[:2]) == 4900 + 7 * 1500
    assert len(mails()) == 2


def test_staff_choose_in_the_admin_what_becomes_of_unpaid_invoices(house: House) -> None:
    browser = factories.sign_in_anew(people(house))
    given: Any = {"action": "end_at_once", "_selected_action": house.world.subscription.pk, "why": "Fraud"}
    assert browser.post("/admin/customers/subscription/", given).status_code == 422
    browser.post("/admin/customers/subscription/", given | {"unpaid": "void"})
    with as_worker():
        assert Ending.objects.get().unpaid == "void"
