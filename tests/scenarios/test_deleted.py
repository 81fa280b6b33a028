"""Who never pays, and who leaves: stopped, backed up, warned three times, deleted on the date foretold."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from customers import grace
from customers.models import Subscription
from instances.models import Brake, Deletion, Instance, Suspension
from instances.provisioners import provisioner
from instances.services import boots, brake, deletions, endings, suspensions
from ondemand import clock
from ondemand.models import Mail
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.conftest import in_ci
from tests.scenarios.house import LATER, House

pytestmark = in_ci
A_DAY = timedelta(days=1)


def evening(day: date) -> datetime:
    return clock.midnight(day) + timedelta(hours=18)


def pass_day(house: House, day: date) -> None:
    """As beat does within a day."""
    now = evening(day)
    house.sweep(now=now)
    endings.run(now=now)
    house.follow(now=now + LATER)
    deletions.run(provisioner=provisioner(), now=now + LATER)
    with as_worker():
        ending = list(Instance.objects.to_end().values_list("pk", flat=True))
    for instance_id in ending:
        boots.end(instance_id, provisioner=provisioner(), now=now + LATER)


def pass_days(house: House, first: date, *counts: int) -> None:
    for count in counts:
        pass_day(house, first + days(count))


@pytest.fixture
def house(house: House) -> House:
    factories.make_person(customer=house.world.customer, email="ana@acme.example")
    return house


def deletion() -> Deletion:
    with as_worker():
        return Deletion.objects.latest("pk")


def backed_up_on() -> date | None:
    at = deletion().backed_up_at
    return clock.business_day(at) if at else None


def told(house: House) -> list[date]:
    """On which days the owner was warned."""
    owner = f"deletion-{deletion().pk}-"
    with as_worker():
        mails = Mail.objects.filter(key__startswith=owner, key__contains="-customer-").order_by("created_at")
        return [clock.business_day(at) for at in mails.values_list("created_at", flat=True)]


def words() -> str:
    """Of the last warning to the customer."""
    with as_worker():
        return Mail.objects.filter(key__startswith="deletion-", key__contains="-customer-").latest("pk").text


def suspended(house: House) -> date:
    """It was suspended for not paying; the day of that."""
    day = clock.business_day(house.fail_to_pay())
    pass_day(house, day)
    assert house.state == "suspended"
    return day


def ended(house: House) -> date:
    house.world.standin.v1.subscriptions.cancel(house.world.subscription.stripe_id)
    house.world.sync()
    day = clock.business_day(house.now)
    pass_day(house, day)
    pass_day(house, day)
    return day


def days(count: int) -> timedelta:
    return timedelta(days=count)


def test_who_never_pays_is_suspended_warned_and_deleted_on_the_date_foretold(house: House) -> None:
    day = suspended(house)
    assert (deletion().backup_on, deletion().delete_on) == (day + days(60), day + days(120))
    pass_day(house, day + days(59))
    assert deletion().backed_up_at is None
    pass_days(house, day, 60, 89, 90, 91, 112, 113, 118, 119)
    assert "paying it lets the instance run again" in words()
    assert backed_up_on() == day + days(60)
    assert told(house) == [day + days(120 - ahead) for ahead in (30, 7, 1)]
    assert house.at_provider() == "suspended"
    pass_day(house, day + days(120))
    assert (house.state, house.at_provider()) == ("terminated", "terminated")
    assert house.page()[0] == 404


def test_the_instance_of_an_ended_subscription_is_stopped_at_once_and_kept_for_sixty_days(house: House) -> None:
    day = ended(house)
    assert (house.state, house.at_provider()) == ("suspended", "suspended")
    assert backed_up_on() == day
    text, date = house.page()[1], f"{day + days(60):%b %-d, %Y}"
    assert "The subscription has ended." in text and date in text
    with as_worker():
        mail = Mail.objects.get(key__startswith="suspension-", recipient="ana@acme.example").text
    assert "The subscription has ended." in mail and date in mail
    pass_days(house, day, 29, 30, 52, 53, 54, 58, 59)
    assert "paying" not in words()
    assert (told(house), house.state) == ([day + days(60 - ahead) for ahead in (30, 7, 1)], "suspended")
    pass_day(house, day + days(60))
    assert house.state == "terminated"


def test_who_pays_before_the_date_runs_again_and_nothing_is_deleted(house: House) -> None:
    day = suspended(house)
    pass_days(house, day, 60, 89, 90, 91, 112, 113, 118, 119)
    house.pay()
    pass_day(house, day + days(120))
    assert (house.state, deletion().withdrawn_at is not None) == ("running", True)


def test_stripe_is_asked_again_before_a_deletion(house: House) -> None:
    day = suspended(house)
    pass_days(house, day, 60, 89, 90, 91, 112, 113, 118, 119)
    house.take_card("pm_card_visa")
    for invoice in house.world.invoices():
        if invoice.status == "open":
            house.world.standin.v1.invoices.pay(invoice.id)  # and no event comes
    pass_day(house, day + days(120))
    assert house.state == "suspended"


def test_nothing_is_deleted_while_stripe_does_not_answer_and_the_missed_date_is_foretold_anew(house: House) -> None:
    day = ended(house)
    pass_days(house, day, 29, 30, 52, 53, 54, 58, 59)
    house.world.standin.control("faults", {"match": "GET /v1/subscriptions/*", "fault": "500", "times": 3})
    pass_day(house, day + days(60))
    assert house.state == "suspended"
    pass_day(house, day + days(61))
    assert (deletion().delete_on, told(house)[-1]) == (day + days(68), day + days(61))
    pass_days(house, day, 67, 68)
    assert house.state == "terminated"


def test_the_brake_holds_deletions_and_the_date_is_foretold_anew(house: House) -> None:
    staff = factories.make_user(email="staff@openbravo.example", is_staff=True)
    day = ended(house)
    pass_days(house, day, 29, 30, 52, 53, 54, 58, 59)
    with as_worker():
        brake.close_brake("Wait", now=evening(day + days(59)) + LATER)
    pass_days(house, day, 60, 63)
    assert (house.state, len(told(house))) == ("suspended", 3)
    with as_worker():
        brake.open_brake(reason="All is well", by=staff, now=evening(day + days(63)) + LATER)
    pass_day(house, day + days(64))
    assert (house.at_provider(), deletion().delete_on) == ("suspended", day + days(71))


def test_after_an_outage_of_ours_the_whole_time_of_warning_is_given(house: House) -> None:
    day = ended(house)
    back = day + days(70)
    pass_day(house, back)
    with as_worker():
        Brake.objects.in_force().update(opened_at=evening(back), answer="seen")
    pass_day(house, back)
    assert (told(house), deletion().delete_on) == ([back], back + days(30))
    house.follow(now=evening(back) + 2 * LATER)
    assert f"{back + days(30):%b %-d, %Y}" in house.page()[1]


def test_a_subscription_that_lives_after_all_lets_its_instance_run(house: House) -> None:
    with as_worker():
        Subscription.objects.update(state=Subscription.State.CANCELED)
    pass_day(house, clock.business_day(house.now))
    assert house.state == "running"  # Stripe says that it lives
    with as_worker():
        suspensions.suspend(house.instance.pk, Suspension.Cause.TERM_ENDED, reason="", now=house.now)
        Subscription.objects.update(state=Subscription.State.ACTIVE)
    pass_day(house, clock.business_day(house.now))
    assert (house.state, deletion().withdrawn_at is not None) == ("running", True)


def test_a_last_backup_that_came_late_is_kept_for_its_whole_time(house: House) -> None:
    day = suspended(house)
    pass_day(house, day + days(75))
    assert (backed_up_on(), deletion().delete_on) == (day + days(75), day + days(135))


def test_who_was_exempted_just_now_is_not_deleted(house: House) -> None:
    staff = factories.make_user(email="staff@openbravo.example", is_staff=True)
    day = suspended(house)
    pass_days(house, day, 60, 89, 90, 91, 112, 113, 118, 119)
    now = evening(day + days(120))
    with as_worker():
        until = clock.midnight(day + days(130))
        grace.exempt(house.world.subscription, until=until, why="A mistake of ours", by=staff, now=now)
    assert not deletions.begin(deletion().pk, now=now)


def test_who_pays_for_what_staff_suspended_keeps_it(house: House) -> None:
    with as_worker():
        suspensions.suspend(house.instance.pk, Suspension.Cause.ABUSE, reason="spam", now=house.now)
        assert not Deletion.objects.exists()


def refused(change: dict[str, object], *, on: object = Deletion) -> str:
    with as_worker(), pytest.raises(IntegrityError) as error, transaction.atomic():
        on.objects.update(**change)  # type: ignore[attr-defined]
        connection.check_constraints()
    return str(error.value)


def test_the_database_lets_nothing_end_that_was_not_foretold(house: House) -> None:
    assert "not foretold" in refused({"state": "terminating"}, on=Instance)
    assert "no cause is open" in refused({"state": "suspended"}, on=Instance)
    suspended(house)
    assert "no cause is open" in refused({"closed_at": house.now + days(400)}, on=Suspension)
    row = deletion()
    assert "deletion_foretold" in refused({"begun_on": row.delete_on})
    assert "never comes earlier" in refused({"delete_on": row.delete_on - A_DAY})
