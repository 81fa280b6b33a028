"""An outage of ours, or a doubt: nobody is suspended unasked, and who pays runs again all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from instances.models import Brake
from instances.services import brake, dunning
from ondemand.models import Comparison, Mail
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.conftest import in_ci
from tests.scenarios.house import House

pytestmark = in_ci


def in_force() -> list[str]:
    with as_worker():
        return list(Brake.objects.in_force().values_list("reason", flat=True))


@pytest.mark.parametrize("days", [2, 40])
def test_after_an_outage_of_ours_nobody_is_suspended_until_staff_say_so(house: House, days: int) -> None:
    staff = factories.make_user(email="staff@openbravo.example", is_staff=True)
    date = house.fail_to_pay()
    house.sweep(now=date - timedelta(hours=1))
    back = date + timedelta(days=days)
    dunning.run(now=back)
    dunning.run(now=back + timedelta(seconds=30))
    assert (house.state, len(in_force())) == ("running", 1)
    with as_worker():
        assert Mail.objects.filter(recipient=staff.email, key__startswith="brake-").count() == 1
        assert brake.open_brake(reason="All were told", by=staff, now=back + timedelta(minutes=1))
    house.sweep(now=back + timedelta(minutes=2))
    assert house.state == "suspended"


def test_who_pays_runs_again_while_the_brake_is_closed(house: House) -> None:
    date = house.fail_to_pay()
    house.sweep(now=date)
    with as_worker():
        brake.close_brake("A restore", now=date)
    house.pay()
    house.sweep(now=date + timedelta(hours=1))
    assert house.state == "running"


def test_a_suspension_that_is_under_way_waits_while_the_brake_is_closed(house: House) -> None:
    date = house.fail_to_pay()
    house.run(now=date)
    with as_worker():
        brake.close_brake("Wait", now=date)
    house.sweep(now=date + timedelta(hours=1))
    assert (house.state, house.at_provider()) == ("suspending", "running")


def test_many_at_once_close_the_brake(house: House) -> None:
    for _ in range(5):
        factories.make_instance(customer=house.world.customer, now=house.now)
    house.sweep(now=house.fail_to_pay())
    assert (house.state, in_force()) == ("running", ["6 of 6 instances would be suspended or deleted at once."])


def test_a_comparison_that_stays_away_closes_the_brake(house: House) -> None:
    date = house.fail_to_pay()
    house.sweep(now=date - timedelta(hours=1))
    with as_worker():
        Comparison.objects.update(finished_at=date - timedelta(hours=31))
    dunning.run(now=date)
    assert (house.state, in_force()) == ("running", ["The nightly comparison with Stripe is overdue."])


def test_one_brake_is_in_force(house: House) -> None:
    with as_worker():
        assert [brake.close_brake(why, now=house.now) for why in ("one", "two")] == [True, False]
        with pytest.raises(IntegrityError), transaction.atomic():
            Brake.objects.create(reason="three", closed_at=house.now)


def test_staff_close_and_open_it_in_the_admin_with_a_reason(db: None) -> None:
    browser = factories.sign_in_anew(factories.make_user(email="staff@openbravo.example", is_staff=True))
    browser.post("/admin/instances/brake/add/", {"reason": "Stripe is in doubt"})
    assert in_force() == ["Stripe is in doubt"]
    with as_worker():
        row = Brake.objects.get()
    given = {"action": "open", "_selected_action": row.pk, "why": ""}
    assert browser.post("/admin/instances/brake/", given).status_code == 422
    browser.post("/admin/instances/brake/", given | {"why": "Stripe is well again"})
    with as_worker():
        row.refresh_from_db()
        assert (row.answer, row.opened_by) == ("Stripe is well again", row.closed_by)
