"""Invoices by themselves: inline prices, sent invoices, the customer's balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import stripe

from tests.standins.stripe_process import DAY, Standin
from tests.standins.stripe_shop import URLS, Shop


@pytest.fixture
def shop(standin: Standin) -> Shop:
    standin.begin(days_ago=300)
    return Shop(standin)


def test_what_is_sent_waits_an_hour_and_is_overdue_after_its_days(shop: Shop) -> None:
    mine = shop.subscription(shop.customer(""), collection_method="send_invoice", days_until_due=5)
    first = str(mine.latest_invoice)
    assert (mine.status, shop.v1.invoices.retrieve(first).status) == ("active", "draft")
    shop.standin.advance(3600)
    sent = shop.v1.invoices.retrieve(first)
    assert (sent.status, sent.due_date) == ("open", shop.standin.now() + 5 * DAY)
    assert shop.v1.events.list({"type": "invoice.sent"}).data
    shop.standin.advance(5 * DAY)
    assert shop.v1.subscriptions.retrieve(mine.id).status == "past_due"
    shop.v1.invoices.pay(first, {"paid_out_of_band": True})
    assert shop.v1.subscriptions.retrieve(mine.id).status == "active"


def test_prices_can_be_written_inline_and_are_archived(shop: Shop) -> None:
    owner = shop.customer()
    monthly: Any = {"currency": "eur", "product": shop.product, "unit_amount": 700, "recurring": {"interval": "month"}}
    mine = shop.subscription(owner, items=[{"price_data": monthly, "quantity": 2}])
    assert shop.v1.invoices.retrieve(str(mine.latest_invoice)).total == 1400
    assert mine["items"].data[0].price.active is False
    once: Any = {"currency": "eur", "product": shop.product, "unit_amount": 250}
    item = shop.v1.invoice_items.create({"customer": owner, "price_data": once, "quantity": 3})
    assert (item.amount, item.quantity) == (750, 3)
    given: Any = {
        "mode": "payment",
        **URLS,
        "line_items": [
            {"price_data": {"currency": "eur", "unit_amount": 990, "product_data": {"name": "Training"}}, "quantity": 2}
        ],
    }
    session = shop.v1.checkout.sessions.create(given)
    assert (session.amount_total, shop.v1.checkout.sessions.line_items.list(session.id).data[0].description) == (
        1980, "Training",
    )  # fmt: skip


def test_a_subscription_can_begin_with_items_that_are_billed_once(shop: Shop) -> None:
    mine = shop.subscription(shop.customer(), add_invoice_items=[{"price": shop.user, "quantity": 2}])
    assert shop.v1.invoices.retrieve(str(mine.latest_invoice)).total == 9900 + 3000


def test_quantities_and_unit_amounts_can_be_decimals(shop: Shop) -> None:
    owner = shop.customer()
    made = shop.v1.invoice_items.create(
        {"customer": owner, "pricing": {"price": shop.user}, "quantity_decimal": Decimal("1.5")}
    )
    assert (made.amount, made.quantity_decimal) == (2250, Decimal("1.5"))
    tiny = shop.v1.invoice_items.create(
        {"customer": owner, "currency": "eur", "unit_amount_decimal": Decimal("0.333"), "quantity": 10}
    )
    assert tiny.amount == 3


def test_a_credit_of_the_customer_pays_first(shop: Shop) -> None:
    owner = shop.customer(balance=-10000, card="")
    assert shop.v1.customers.balance_transactions.list(owner).data[0].amount == -10000
    mine = shop.subscription(owner)
    paid = shop.v1.invoices.retrieve(str(mine.latest_invoice))
    assert (mine.status, paid.status, paid.amount_due, paid.ending_balance) == ("active", "paid", 0, -100)
    assert shop.v1.customers.retrieve(owner).balance == -100
    assert shop.v1.customers.update(owner, {"balance": 0}).balance == 0


def test_an_address_that_is_none_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.customers.create({"email": "nobody"})
    assert (refused.value.code, refused.value.param) == ("email_invalid", "email")
