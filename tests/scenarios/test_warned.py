"""Who does not pay is warned on the days foretold, each time once, and no more once it is paid."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from customers.models import Invoice, Subscription
from instances.services import brake
from ondemand import clock
from ondemand.models import Mail
from ondemand.portal import values
from ondemand.tenancy.context import as_worker
from partners.models import Partner
from tests import factories
from tests.conftest import in_ci
from tests.scenarios.house import House

pytestmark = in_ci
FINANCE = "finance@iberia.example"


def test_on_days_0_3_7_and_13_customer_and_partner_are_told_the_amount_the_date_and_where_to_pay(house: House) -> None:
    factories.make_person(customer=house.world.customer, email="ana@acme.example")
    date = house.fail_to_pay()
    with as_worker():
        invoice = Invoice.objects.unpaid().get()
    failed = invoice.effective_at
    assert failed is not None
    told = {}
    for day in range(14):
        for hour in (1, 13):
            if found := house.warn(now=failed + timedelta(days=day, hours=hour)):
                told[day] = found
    assert list(told) == [0, 3, 7, 13]
    assert [[to for to, _ in each] for each in told.values()] == [["ana@acme.example", FINANCE]] * 4
    with as_worker():
        mails = list(Mail.objects.filter(recipient="ana@acme.example"))
    assert all(invoice.page_url in mail.text and "€" in mail.text for mail in mails)
    on = f"suspended on {values.day_text(clock.business_day(date))}."
    assert all(on in mail.text for mail in mails)


def test_a_card_that_ends_in_month_4_and_is_mended_in_the_grace_period(house: House) -> None:
    """Warned 30 and 7 days ahead, then on days 0, 3 and 7; the new card pays at once, and nobody is suspended."""
    house.take_card("pm_card_visa", ends=(2027, 6))
    house.world.wait_until(datetime(2027, 6, 11, tzinfo=UTC))
    house.world.sync()
    told = [day for day in days(date(2027, 5, 20), date(2027, 7, 9)) if house.warn(now=noon(day))]
    assert told == [date(2027, 6, 30) - timedelta(days=before) for before in (30, 7)]
    house.take_card("pm_card_chargeCustomerFail", ends=(2027, 6))  # as the bank now answers
    house.world.wait_until(house.world.cycle[1] + timedelta(hours=2))
    house.world.sync()
    suspends, failed = house.suspends_at(), house.now
    steps = [day for day in range(8) if house.warn(now=failed + timedelta(days=day))]
    assert steps == [0, 3, 7]
    house.change_card("pm_card_visa", now=failed + timedelta(days=8))
    with as_worker():
        assert not Invoice.objects.unpaid().exists()
    assert [day for day in range(8, 16) if house.warn(now=failed + timedelta(days=day))] == []
    house.sweep(now=suspends + timedelta(hours=1))
    assert (house.state, house.suspensions()) == ("running", [])
    assert house.world.subscription.card_ends == date(2034, 12, 31)


def test_who_hears_of_it_late_hears_of_the_newest_step_alone(house: House) -> None:
    house.fail_to_pay()
    assert len(house.warn(now=house.now + timedelta(days=8))) == 2
    assert house.warn(now=house.now + timedelta(days=9)) == []


def test_an_exemption_moves_the_date_that_is_told(house: House) -> None:
    date = house.fail_to_pay() + timedelta(days=10)
    with as_worker():
        Subscription.objects.update(exempt_until=date)
    house.warn()
    with as_worker():
        texts = set(Mail.objects.filter(key__contains="-unpaid-").values_list("text", flat=True))
    assert all(f"suspended on {values.day_text(clock.business_day(date))}." in text for text in texts)


def test_no_date_is_promised_while_the_brake_is_closed(house: House) -> None:
    date = house.fail_to_pay()
    with as_worker():
        brake.close_brake("Stripe is in doubt", now=house.now)
    house.warn()
    with as_worker():
        texts = list(Mail.objects.filter(key__contains="-unpaid-").values_list("text", flat=True))
    assert texts and all(f"not before {values.day_text(clock.business_day(date))}." in text for text in texts)


def test_a_payment_that_the_bank_wants_confirmed_leads_to_the_invoice_s_page_once_for_each_attempt(
    house: House,
) -> None:
    ana = factories.make_person(customer=house.world.customer, email="ana@acme.example").email
    house.take_card("pm_card_authenticationRequired")
    house.world.wait_until(house.world.cycle[1] + timedelta(hours=2))
    house.world.sync()
    first = house.warn()
    assert [(to, subject.startswith("Confirm")) for to, subject in first] == [(ana, True), (FINANCE, False)]
    with as_worker():
        assert Invoice.objects.unpaid().get().page_url in Mail.objects.get(recipient=ana).text
    house.world.wait(days=3, hours=2)
    house.world.sync()
    assert sorted(subject.startswith("Confirm") for to, subject in house.warn() if to == ana) == [False, True]
    assert house.warn() == []


def test_suspended_and_running_again_are_each_told_once_to_customer_and_partner(house: House) -> None:
    factories.make_person(customer=house.world.customer, email="ana@acme.example")
    with as_worker():
        Partner.objects.update(support_email="help@iberia.example")
    date = house.fail_to_pay()
    for hour in range(3):
        house.sweep(now=date + timedelta(hours=hour))
    house.pay()
    for hour in range(3, 6):
        house.sweep(now=date + timedelta(hours=hour))
    with as_worker():
        mails = list(Mail.objects.filter(key__startswith="suspension-").order_by("pk"))
    name = house.instance.name
    suspended, again = f"The instance {name} is suspended", f"The instance {name} runs again"
    readers = ["ana@acme.example", "help@iberia.example"]
    assert [(mail.recipient, mail.subject) for mail in mails] == [
        (to, what) for what in (suspended, again) for to in readers
    ]
    assert mails[0].reply_to == "help@iberia.example"
    assert all(said in mails[0].text for said in ["An invoice is unpaid.", "/i/in_", "Iberia"])


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
