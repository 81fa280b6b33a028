"""What is unpaid, and what follows when: told in advance, and never more than is known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from customers.models import Invoice, Subscription
from instances.models import Suspension
from instances.services import brake
from ondemand.clock import business_day
from ondemand.portal import values
from ondemand.tenancy.context import as_worker
from tests import factories
from tests.factories import Cast, sign_in
from tests.screens.pages import NOW, file_of, instance_of, settle, shown

pytestmark = pytest.mark.django_db
DAYS_AGO = 3


@pytest.fixture
def unpaid(world: Cast) -> Invoice:
    """Of Bodegas Vega, since three days."""
    customer = settle(world.iberia, world, "Bodegas Vega")
    invoice = factories.make_invoice(customer=customer, at=NOW - timedelta(days=DAYS_AGO), paid=0)
    with as_worker():
        own = customer.subscriptions.get().stripe_id
        Invoice.objects.filter(pk=invoice.pk).update(subscription_stripe_id=own, attempts=1)
    return invoice


def date_of(invoice: Invoice) -> str:
    at = invoice.effective_at
    assert isinstance(at, datetime)
    return values.day_text(business_day(at + timedelta(days=14)))


def pages(world: Cast, invoice: Invoice) -> list[str]:
    """The partner's customer, instance and Dashboard; the customer's account."""
    with as_worker():
        customer = Subscription.objects.get(stripe_id__gt="", customer_id=invoice.customer_id).customer
    member = sign_in(world.iberia.owner)
    addresses = [customer.get_absolute_url(), instance_of(customer).get_absolute_url(), "/dashboard/"]
    person = factories.make_person(customer=customer, email="ana@vega.example")
    return [*(shown(member, url) for url in addresses), shown(sign_in(person), "/account/")]


def test_the_day_is_shown_wherever_one_looks(world: Cast, unpaid: Invoice) -> None:
    text = f"the instances are suspended on {date_of(unpaid)}."
    assert [text in page for page in pages(world, unpaid)] == [True] * 4
    [row] = file_of(sign_in(world.iberia.support), "/customers/?export=csv")
    assert row["suspends"] == business_day((unpaid.effective_at or NOW) + timedelta(days=14)).isoformat()


def test_the_list_of_customers_says_it_beneath_the_payment_status(world: Cast, unpaid: Invoice) -> None:
    text = f"suspended from {date_of(unpaid)}, unless paid"
    assert text in shown(sign_in(world.iberia.support), "/customers/")


def test_no_day_is_promised_while_the_brake_is_closed(world: Cast, unpaid: Invoice) -> None:
    with as_worker():
        brake.close_brake("Stripe is in doubt", now=NOW)
    text = f"may be suspended; not before {date_of(unpaid)}."
    assert [text in page for page in pages(world, unpaid)] == [True] * 4


def test_nothing_is_said_of_it_where_nobody_is_suspended(world: Cast, unpaid: Invoice, settings: object) -> None:
    settings.SUSPEND_UNPAID = False  # type: ignore[attr-defined]
    assert not any("be suspended" in page or "suspended on" in page for page in pages(world, unpaid))


def test_who_is_suspended_reads_how_it_ends(world: Cast, unpaid: Invoice) -> None:
    with as_worker():
        [instance] = Subscription.objects.get(customer_id=unpaid.customer_id).instances.all()
        Suspension.objects.create(
            partner_id=instance.partner_id,
            customer_id=instance.customer_id,
            instance=instance,
            cause=Suspension.Cause.UNPAID,
            opened_at=NOW - timedelta(hours=30),
        )
    assert ["then it runs again within a minute" in page for page in pages(world, unpaid)] == [True] * 4


def test_support_reads_the_day_and_no_amount(world: Cast, unpaid: Invoice) -> None:
    with as_worker():
        url = Subscription.objects.get(customer_id=unpaid.customer_id).customer.get_absolute_url()
    page = shown(sign_in(world.iberia.support), url)
    assert date_of(unpaid) in page
    assert "€49.00" not in page


def test_the_link_to_pay_is_for_who_may_pay(world: Cast, unpaid: Invoice) -> None:
    assert unpaid.page_url in pages(world, unpaid)[3]


def test_the_card_is_shown_with_its_end(world: Cast, unpaid: Invoice) -> None:
    with as_worker():
        Subscription.objects.filter(customer_id=unpaid.customer_id).update(
            card_brand="visa", card_last4="4242", card_ends="2030-06-30"
        )
    partner, _instance, _dashboard, own = pages(world, unpaid)
    assert all("Visa •••• 4242" in page and "ends on 06/2030" in page for page in (partner, own))
