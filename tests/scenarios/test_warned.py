"""Who does not pay is warned on the days foretold, each time once, and no more once it is paid."""

from __future__ import annotations

from datetime import timedelta

from customers.models import Invoice
from ondemand import clock
from ondemand.models import Mail
from ondemand.portal import values
from ondemand.tenancy.context import as_worker
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
