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
    assert (sent.status, sent.due_date) == ("open", (sent.status_transitions.finalized_at or 0) + 5 * DAY)
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


def unpaid(shop: Shop, amount: int = 10000) -> stripe.Invoice:
    """Open."""
    owner = shop.customer()
    shop.v1.invoice_items.create({"customer": owner, "amount": amount, "currency": "eur"})
    made = shop.v1.invoices.create({"customer": owner, "pending_invoice_items_behavior": "include"})
    return shop.v1.invoices.finalize_invoice(str(made.id))


def test_several_payments_can_pay_one_invoice(shop: Shop) -> None:
    invoice = unpaid(shop)
    given: Any = {
        "amount": 4000,
        "currency": "eur",
        "customer": str(invoice.customer),
        "payment_method": "pm_card_visa",
    }
    first = shop.v1.payment_intents.create(given | {"confirm": True})
    part = shop.v1.invoices.attach_payment(str(invoice.id), {"payment_intent": first.id})
    assert (part.status, part.amount_paid, part.amount_remaining) == ("open", 4000, 6000)
    second = shop.v1.payment_intents.create(given | {"amount": 7000})
    shop.v1.invoices.attach_payment(str(invoice.id), {"payment_intent": second.id})
    shop.v1.payment_intents.confirm(second.id)
    paid = shop.v1.invoices.retrieve(str(invoice.id), {"expand": ["payments"]})
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.amount_overpaid) == ("paid", 10000, 0, 1000)
    assert paid.payments
    assert sorted(each.status for each in paid.payments.data) == ["canceled", "paid", "paid"]
    assert shop.v1.customers.retrieve(str(invoice.customer)).balance == -1000


def test_the_rest_of_an_invoice_is_charged_to_the_card(shop: Shop) -> None:
    invoice = unpaid(shop)
    given: Any = {"amount": 4000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    part = shop.v1.payment_intents.create(given)
    shop.v1.invoices.attach_payment(str(invoice.id), {"payment_intent": part.id})
    assert shop.v1.invoices.pay(str(invoice.id)).status == "paid"
    amounts = [payment.amount_paid for payment in shop.v1.invoice_payments.list({"invoice": str(invoice.id)}).data]
    assert amounts == [4000, 6000]


def test_confirming_the_first_invoices_payment_intent_activates_the_subscription_and_keeps_the_card(shop: Shop) -> None:
    keep: Any = {"save_default_payment_method": "on_subscription"}
    mine = shop.subscription(
        shop.customer(card=""), payment_behavior="default_incomplete", payment_settings=keep,
        expand=["latest_invoice.confirmation_secret", "latest_invoice.payments"],
    )  # fmt: skip
    invoice: Any = mine.latest_invoice
    intent = str(invoice.payments.data[0].payment.payment_intent)
    assert (mine.status, invoice.confirmation_secret.client_secret.split("_secret")[0]) == ("incomplete", intent)
    shop.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    after = shop.v1.subscriptions.retrieve(mine.id, {"expand": ["latest_invoice"]})
    assert (after.status, after.latest_invoice.status) == ("active", "paid")  # type: ignore[union-attr]
    assert after.default_payment_method


@pytest.mark.parametrize("ending", ["void_invoice", "mark_uncollectible"])
def test_a_subscription_is_active_again_when_its_invoice_is_forgiven(shop: Shop, ending: str) -> None:
    owner = shop.customer()
    mine = shop.subscription(owner)
    bad = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": owner}).id
    shop.v1.subscriptions.update(mine.id, {"default_payment_method": bad})
    shop.standin.advance(33 * DAY)
    assert shop.v1.subscriptions.retrieve(mine.id).status == "past_due"
    getattr(shop.v1.invoices, ending)(str(shop.v1.subscriptions.retrieve(mine.id).latest_invoice))
    assert shop.v1.subscriptions.retrieve(mine.id).status == "active"


def test_a_payment_outside_stripe_counts_as_such(shop: Shop) -> None:
    paid = shop.v1.invoices.pay(str(unpaid(shop).id), {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid, paid.amount_paid_off_stripe) == ("paid", 10000, 10000)


def test_only_an_invoice_that_is_sent_can_be_sent(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="collection method"):
        shop.v1.invoices.send_invoice(str(unpaid(shop).id))
