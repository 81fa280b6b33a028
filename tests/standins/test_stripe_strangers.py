"""What a program that knows Stripe's documentation alone once found otherwise here."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.standins.stripe_process import DAY, Standin
from tests.standins.stripe_shop import Shop, refused
from tests.standins.stripe_things import held, invoice


@pytest.fixture
def shop(standin: Standin) -> Shop:
    standin.begin(days_ago=300)
    return Shop(standin)


def test_a_proration_of_an_item_names_the_item_and_says_that_it_is_one(shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    item = mine["items"].data[0].id
    change: Any = {"items": [{"id": item, "quantity": 3}]}
    preview = shop.v1.invoices.create_preview({"subscription": mine.id, "subscription_details": change})
    details = [line.parent.subscription_item_details for line in preview.lines.data if line.parent]
    assert [bool(each and each.proration) for each in details].count(True) == 2
    assert {each.subscription_item for each in details if each} == {item}


def test_a_quantity_is_never_negative(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.subscription(shop.customer(), items=[{"price": shop.base, "quantity": -1}])
    assert (refusal.value.code, refusal.value.param) == ("parameter_invalid_integer", "items[0][quantity]")


def test_months_and_years_mix_only_where_the_billing_mode_is_flexible(shop: Shop) -> None:
    both = [{"price": shop.base}, {"price": shop.price(9000, recurring={"interval": "year"})}]
    assert len(shop.subscription(shop.customer(), items=both)["items"].data) == 2
    with pytest.raises(stripe.InvalidRequestError, match="same `recurring.interval`"):
        shop.subscription(shop.customer(), items=both, billing_mode={"type": "classic"})


@pytest.mark.parametrize(
    ("wrong", "code"), [({"exp_year": "2019"}, "invalid_expiry_year"), ({"cvc": "99"}, "invalid_cvc")]
)
def test_a_card_that_cannot_be_is_refused_before_it_is_charged(shop: Shop, wrong: Any, code: str) -> None:
    card: Any = {"number": "4242424242424242", "exp_month": "5", "exp_year": "2099", **wrong}
    refused(code, shop.v1.tokens.create, {"card": card})


def test_what_is_not_captured_counts_as_refunded(shop: Shop) -> None:
    done = shop.v1.payment_intents.capture(held(shop), {"amount_to_capture": 500})
    charge = shop.v1.charges.retrieve(str(done.latest_charge))
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (500, 400, False)
    assert shop.v1.refunds.create({"charge": charge.id}).amount == 500


def test_a_declined_card_leaves_its_setup_intent_waiting_for_another(shop: Shop) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        shop.v1.setup_intents.create({"payment_method": "pm_card_chargeDeclined", "confirm": True})
    assert refusal.value.error and refusal.value.error.setup_intent
    kept = shop.v1.setup_intents.retrieve(str(refusal.value.error.setup_intent.id))
    assert kept.status == "requires_payment_method"
    assert kept.last_setup_error and kept.last_setup_error.code == "card_declined"


def test_a_prices_interval_ends_at_three_years_and_its_taxes_are_said_once(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="three years"):
        shop.price(900, recurring={"interval": "month", "interval_count": 37})
    fixed = shop.price(900, tax_behavior="exclusive")
    with pytest.raises(stripe.InvalidRequestError, match="cannot be changed"):
        shop.v1.prices.update(fixed, {"tax_behavior": "inclusive"})
    shop.v1.products.update(shop.product, {"default_price": fixed})
    with pytest.raises(stripe.InvalidRequestError, match="default price"):
        shop.v1.prices.update(fixed, {"active": False})


def test_a_line_is_credited_once(shop: Shop) -> None:
    bill = invoice(shop, final=True)
    line = shop.v1.invoices.line_items.list(bill).data[0].id
    part: Any = {"invoice": bill, "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "amount": 500}]}
    shop.v1.credit_notes.create(part)
    with pytest.raises(stripe.InvalidRequestError, match="what is left"):
        shop.v1.credit_notes.create(part | {"memo": "again"})


def test_a_subscription_that_began_earlier_is_charged_for_the_time_since(shop: Shop) -> None:
    now = shop.standin.now()
    mine = shop.subscription(shop.customer(), backdate_start_date=now - 10 * DAY)
    since, first = shop.v1.invoices.line_items.list(str(mine.latest_invoice)).data
    assert mine.start_date == now - 10 * DAY
    assert (first.amount, since.amount > 3100, since.period.end - since.period.start) == (9900, True, 10 * DAY)


def test_a_coupon_is_no_longer_valid_after_its_date(shop: Shop) -> None:
    coupon = shop.v1.coupons.create({"percent_off": 5, "redeem_by": shop.standin.now() + DAY})
    shop.standin.advance(2 * DAY)
    assert shop.v1.coupons.retrieve(coupon.id).valid is False


def test_a_promotion_code_with_a_minimum_wants_it(shop: Shop) -> None:
    least: Any = {"minimum_amount": 10000, "minimum_amount_currency": "eur"}
    coupon: Any = {"type": "coupon", "coupon": shop.v1.coupons.create({"percent_off": 5, "duration": "forever"}).id}
    code = shop.v1.promotion_codes.create({"promotion": coupon, "restrictions": least}).id
    two: Any = {"items": [{"price": shop.base, "quantity": 2}], "discounts": [{"promotion_code": code}]}
    assert shop.subscription(shop.customer(), **two).discounts
    with pytest.raises(stripe.InvalidRequestError, match="minimum"):
        shop.subscription(shop.customer(), discounts=[{"promotion_code": code}])
