"""What the pages say of money that did not come by card."""

from __future__ import annotations

from customers.models import Customer, Invoice
from ondemand.tenancy.context import as_worker
from tests.factories import sign_in
from tests.path.walk import Walk
from tests.screens.pages import shown
from tests.states.desk import Desk


def both_pages(walk: Walk) -> list[str]:
    """The partner's and the customer's own, once the news has come."""
    walk.take_events()
    walk.take_events()
    with as_worker():
        customer = Customer.objects.get()
        owner, person = customer.partner.members.get(role="owner").user, customer.people.get().user
    return [shown(sign_in(owner), customer.get_absolute_url()), shown(sign_in(person), "/account/")]


def test_the_customer_s_balance_stands_on_its_pages_while_there_is_one(walk: Walk, desk: Desk) -> None:
    for balance, words in ((-1_234, "taken off the next invoice"), (31, "added to the next invoice")):
        desk.v1.customers.update(desk.customer, {"balance": balance})
        for page in both_pages(walk):
            assert f"€{abs(balance) / 100:.2f}" in page
            assert words in page
    desk.v1.customers.update(desk.customer, {"balance": 0})
    assert all("the next invoice" not in page for page in both_pages(walk))


def test_a_balance_that_an_invoice_used_up_is_gone(walk: Walk, desk: Desk) -> None:
    desk.v1.customers.update(desk.customer, {"balance": -1_000})
    assert desk.open(lines=[("users", 1)]).amount_due == 333
    assert all("the next invoice" not in page for page in both_pages(walk))


def test_an_invoice_says_that_it_was_paid_outside_stripe(walk: Walk, desk: Desk) -> None:
    invoice = desk.open(lines=[("users", 1)])
    assert all("outside Stripe" not in page for page in both_pages(walk))
    desk.pay(invoice, paid_out_of_band=True)
    assert all("aid outside Stripe" in page for page in both_pages(walk))
    with as_worker():
        assert Invoice.objects.get().paid_outside == 1_333


def test_each_currency_has_totals_of_its_own(walk: Walk, desk: Desk) -> None:
    desk.pay(desk.open(lines=[("users", 1)]), paid_out_of_band=True)
    dollars = desk.v1.invoices.create({"customer": desk.customer, "currency": "usd", "auto_advance": False}).id
    desk.v1.invoice_items.create({"customer": desk.customer, "invoice": dollars, "currency": "usd", "amount": 777})
    desk.v1.invoices.finalize_invoice(dollars, {"auto_advance": False})
    partners, _own = both_pages(walk)
    with as_worker():
        customer = Customer.objects.get()
    assert (customer.currency, customer.invoiced, customer.paid) == ("EUR", 1_333, 1_333)
    assert "€13.33" in partners and "$7.77" in partners
