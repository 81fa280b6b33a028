"""Staff suspend, resume, exempt and grant grace, each with a reason; whom it concerns sees why and until when."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from customers.models import Customer, Invoice, Subscription
from instances.models import Instance, Suspension
from instances.services import brake
from ondemand import clock
from ondemand.models import AuditEntry, User
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.conftest import in_ci
from tests.factories import Cast, sign_in, sign_in_anew
from tests.scenarios.house import House
from tests.scenarios.test_deleted import days, deletion, ended, pass_day, suspended

pytestmark = in_ci

NOW = clock.now()
INSTANCES, SUBSCRIPTIONS = "/admin/instances/instance/", "/admin/customers/subscription/"
SPAM = "It sends spam to 4,000 people"


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast(now=NOW)


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return factories.make_customer(house=cast.iberia, plan=cast.plan, now=NOW)


@pytest.fixture
def instance(customer: Customer) -> Instance:
    return factories.make_instance(customer=customer, now=NOW)


@pytest.fixture
def staff(cast: Cast) -> Client:
    return sign_in_anew(cast.staff)


def act(browser: Client, address: str, action: str, pk: int, **given: Any) -> tuple[int, str]:
    """The answer to the reason, and what the list then says."""
    answer = browser.post(address, {"action": action, "_selected_action": pk, **given})
    return answer.status_code, answer.content.decode() if answer.status_code != 302 else browser.get(
        address
    ).content.decode()


def state_of(instance: Instance) -> str:
    with as_worker():
        instance.refresh_from_db()
    return instance.state


def trail(verb: str) -> AuditEntry:
    with as_worker():
        return AuditEntry.objects.get(verb=verb)


def test_staff_suspend_and_resume_with_a_reason(staff: Client, instance: Instance) -> None:
    assert "1 row done." in act(staff, INSTANCES, "suspend", instance.pk, cause="staff", why="They asked")[1]
    assert (state_of(instance), trail("instance.suspended").detail["why"]) == ("suspending", "They asked")
    assert "1 row done." in act(staff, INSTANCES, "resume", instance.pk, cause="staff", why="They asked again")[1]
    assert (state_of(instance), trail("instance.resumed").detail["why"]) == ("resuming", "They asked again")


def test_staff_boot_again_what_failed(staff: Client, customer: Customer) -> None:
    failed = factories.make_instance(customer=customer, now=NOW, state=Instance.State.FAILED)
    assert "1 row done." in act(staff, INSTANCES, "retry", failed.pk)[1]
    assert state_of(failed) == "queued"


@pytest.mark.parametrize(("cause", "why"), [("staff", ""), ("", "a reason"), ("unpaid", "a reason"), ("\x00", "\x00")])
def test_without_a_reason_or_with_a_cause_that_is_not_theirs_nothing_happens(
    staff: Client, instance: Instance, cause: str, why: str
) -> None:
    assert act(staff, INSTANCES, "suspend", instance.pk, cause=cause, why=why)[0] == 422
    assert state_of(instance) == "running"


def test_what_makes_no_sense_is_refused_in_words(staff: Client, instance: Instance, customer: Customer) -> None:
    given = {"cause": "staff", "why": "They asked"}
    assert "is not suspended for this cause" in act(staff, INSTANCES, "resume", instance.pk, **given)[1]
    failed = factories.make_instance(customer=customer, now=NOW, state=Instance.State.FAILED)
    assert "cannot be suspended: it is failed" in act(staff, INSTANCES, "suspend", failed.pk, **given)[1]
    act(staff, INSTANCES, "suspend", instance.pk, **given)
    assert "is suspended for this cause already" in act(staff, INSTANCES, "suspend", instance.pk, **given)[1]
    with as_worker():
        brake.close_brake("Wait", now=NOW)
    given["cause"] = "abuse"
    assert "while the brake is closed" in act(staff, INSTANCES, "suspend", instance.pk, **given)[1]


def read_by(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_open_causes_are_shown_and_of_an_abuse_the_reason_to_staff_alone(
    staff: Client, cast: Cast, customer: Customer, instance: Instance
) -> None:
    act(staff, INSTANCES, "suspend", instance.pk, cause="abuse", why=SPAM)
    act(staff, INSTANCES, "suspend", instance.pk, cause="staff", why="The owner asked for it")
    ana = sign_in(factories.make_person(customer=customer, email="ana@acme.example"))
    assert SPAM in read_by(staff, f"{INSTANCES}{instance.pk}/change/")
    pages = [(sign_in(cast.iberia.owner), instance.get_absolute_url()), (ana, "/account/")]
    for page in [read_by(*each) for each in pages]:
        assert "abuse" in page and "by Openbravo" in page and SPAM not in page
    assert "The owner asked for it" in read_by(*pages[0])
    for browser, address in ((sign_in(cast.iberia.owner), "/team/activity/"), (ana, "/account/activity/")):
        assert SPAM not in read_by(browser, address)


def subscription_of(customer: Customer) -> Subscription:
    with as_worker():
        return Subscription.objects.get(customer=customer)


def test_staff_exempt_until_a_date_and_end_that(staff: Client, customer: Customer) -> None:
    row, day = subscription_of(customer), clock.business_day(NOW) + timedelta(days=10)
    assert "1 row done." in act(staff, SUBSCRIPTIONS, "exempt", row.pk, until=day.isoformat(), why="A transfer")[1]
    row = subscription_of(customer)
    assert (row.exempt_until, row.exempt_reason) == (clock.midnight(day + timedelta(days=1)), "A transfer")
    assert trail("subscription.exempted").detail["until"] == day.isoformat()
    assert "1 row done." in act(staff, SUBSCRIPTIONS, "lift", row.pk, why="It came")[1]
    assert subscription_of(customer).exempt_until is None
    assert "is not exempt." in act(staff, SUBSCRIPTIONS, "lift", row.pk, why="Once more")[1]


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01", "9999-12-31", "0001-01-01", "2026-02-30", "\x00"])
def test_a_day_that_is_none_or_past_exempts_nobody(staff: Client, customer: Customer, until: str) -> None:
    row = subscription_of(customer)
    assert act(staff, SUBSCRIPTIONS, "exempt", row.pk, until=until, why="A transfer")[0] == 422
    assert subscription_of(customer).exempt_until is None


def test_days_of_grace_are_changed_and_made_fewer_only_while_all_is_paid(staff: Client, customer: Customer) -> None:
    row = subscription_of(customer)
    assert "1 row done." in act(staff, SUBSCRIPTIONS, "change_grace", row.pk, days=20, why="Agreed")[1]
    entry = trail("subscription.grace_changed")
    assert (entry.detail["before"], entry.detail["days"]) == (14, 20)
    factories.make_invoice(customer=customer, at=NOW, paid=0)
    with as_worker():
        Invoice.objects.update(subscription_stripe_id=row.stripe_id)
    assert "has an unpaid invoice" in act(staff, SUBSCRIPTIONS, "change_grace", row.pk, days=5, why="Agreed")[1]
    assert "1 row done." in act(staff, SUBSCRIPTIONS, "change_grace", row.pk, days=30, why="Agreed")[1]
    assert act(staff, SUBSCRIPTIONS, "change_grace", row.pk, days=10**30, why="Agreed")[0] == 422


def test_of_what_has_ended_nothing_is_granted(staff: Client, customer: Customer) -> None:
    with as_worker():
        Subscription.objects.filter(customer=customer).update(state=Subscription.State.CANCELED)
    row = subscription_of(customer)
    assert "has ended" in act(staff, SUBSCRIPTIONS, "change_grace", row.pk, days=20, why="Agreed")[1]


def test_the_date_is_on_each_screen_of_the_instance(house: House) -> None:
    day = suspended(house)
    staff = factories.make_user(email="staff@openbravo.example", is_staff=True)
    technician = factories.make_person(customer=house.world.customer, email="ana@acme.example")
    date = (day + days(120)).strftime("%b %-d, %Y")
    for user, address in (
        (house.world.house.owner, house.instance.get_absolute_url()),
        (house.world.house.support, house.instance.get_absolute_url()),
        (technician, "/account/"),
    ):
        assert date in read_by(sign_in(user), address)
    assert f"{day + days(120):%B}"[:3] in read_by(sign_in_anew(staff), f"{INSTANCES}{house.instance.pk}/change/")


def take(user: User, house: House, *, anew: bool = True) -> Any:
    browser = sign_in_anew(user) if anew else sign_in(user)
    return browser.post(f"/account/instances/{house.instance.pk}/backup/")


def test_the_last_backup_is_downloaded_until_it_is_deleted(house: House) -> None:
    ana = factories.make_person(customer=house.world.customer, email="ana@acme.example")
    assert take(ana, house).status_code == 404
    day = ended(house)
    answer = take(ana, house)
    held = json.loads(b"".join(answer.streaming_content))
    assert (held["instance"], answer["Content-Disposition"]) == (
        house.instance.name,
        f'attachment; filename="{deletion().backup_file}"',
    )
    assert trail("instance.backup_taken").actor == "ana@acme.example"
    assert take(ana, house, anew=False).status_code == 302  # the password is asked for first
    for later in (30, 53, 59, 60):
        pass_day(house, day + days(later))
    assert (house.state, take(ana, house).status_code) == ("terminated", 404)


def test_others_do_not_download_it(house: House) -> None:
    ended(house)
    factories.make_person(customer=house.world.customer, email="ana@acme.example")
    bea = factories.make_person(customer=house.world.customer, email="bea@acme.example")
    with as_worker():
        bea.customer_roles.update(role="billing")
    other = factories.make_customer(house=house.world.house, plan=house.world.plan, now=house.now)
    eva = factories.make_person(customer=other, email="eva@other.example")
    assert [take(each, house).status_code for each in (bea, eva, house.world.house.owner)] == [403, 404, 403]


def test_while_the_park_does_not_answer_the_person_is_told(house: House, settings: Any) -> None:
    ana = factories.make_person(customer=house.world.customer, email="ana@acme.example")
    ended(house)
    settings.PARK_URL = "http://127.0.0.1:1"
    browser = sign_in_anew(ana)
    answer = browser.post(f"/account/instances/{house.instance.pk}/backup/", follow=True)
    assert "The backup cannot be had right now." in answer.content.decode()
    with as_worker():
        assert not AuditEntry.objects.filter(verb="instance.backup_taken").exists()
        assert Suspension.objects.open().count() == 1
