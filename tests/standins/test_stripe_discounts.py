"""Coupons, promotion codes, and what they take off."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.standins.stripe_process import DAY, Standin
from tests.standins.stripe_shop import Shop


@pytest.fixture
def shop(standin: Standin) -> Shop:
    standin.begin(days_ago=300)
    return Shop(standin)


def totals(shop: Shop, subscription: stripe.Subscription, months: int) -> list[int]:
    """Of the first invoices, oldest first."""
    for _ in range(months):
        shop.standin.advance(31 * DAY)
    return [invoice.total for invoice in shop.v1.invoices.list({"subscription": subscription.id}).data][::-1]


@pytest.mark.parametrize(
    ("coupon", "expected"),
    [
        ({"percent_off": 50, "duration": "once"}, [4950, 9900, 9900]),
        ({"percent_off": 50, "duration": "forever"}, [4950, 4950, 4950]),
        ({"amount_off": 1000, "currency": "eur", "duration": "repeating", "duration_in_months": 2}, [8900, 8900, 9900]),
        ({"amount_off": 20000, "currency": "eur", "duration": "once"}, [0, 9900, 9900]),
    ],
)
def test_a_coupon_lasts_as_long_as_it_says(shop: Shop, coupon: Any, expected: list[int]) -> None:
    made = shop.v1.coupons.create(coupon)
    mine = shop.subscription(shop.customer(), discounts=[{"coupon": made.id}])
    assert totals(shop, mine, 2) == expected


def test_a_coupon_ends_with_its_last_redemption_and_after_its_date(shop: Shop) -> None:
    made = shop.v1.coupons.create({"percent_off": 10, "max_redemptions": 1})
    shop.subscription(shop.customer(), discounts=[{"coupon": made.id}])
    assert (shop.v1.coupons.retrieve(made.id).valid, shop.v1.coupons.retrieve(made.id).times_redeemed) == (False, 1)
    late = shop.v1.coupons.create({"percent_off": 10, "redeem_by": shop.standin.now() + DAY})
    shop.standin.advance(2 * DAY)
    for coupon in (made, late):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.subscription(shop.customer(), discounts=[{"coupon": coupon.id}])
        assert refused.value.code == "coupon_expired"


def test_a_promotion_code_is_refused_for_whom_it_is_not(shop: Shop) -> None:
    coupon = shop.v1.coupons.create({"percent_off": 10})
    owner, old = shop.customer(), shop.customer()
    shop.subscription(old)
    promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}}
    own = shop.v1.promotion_codes.create(promotion | {"customer": owner})
    first = shop.v1.promotion_codes.create(promotion | {"restrictions": {"first_time_transaction": True}})
    for code in (own, first):
        with pytest.raises(stripe.InvalidRequestError):
            shop.subscription(old, discounts=[{"promotion_code": code.id}])
        shop.subscription(owner, discounts=[{"promotion_code": code.id}]) if code is own else None
    assert shop.v1.promotion_codes.retrieve(own.id).times_redeemed == 1


def test_one_item_can_have_a_discount_of_its_own(shop: Shop) -> None:
    coupon = shop.v1.coupons.create({"percent_off": 100, "duration": "forever"})
    seat = shop.price(500, recurring={"interval": "month"})
    items = [{"price": shop.base}, {"price": seat, "quantity": 3, "discounts": [{"coupon": coupon.id}]}]
    mine = shop.subscription(shop.customer(), items=items)
    assert totals(shop, mine, 1) == [9900, 9900]


def test_an_invoice_and_its_item_can_have_discounts(shop: Shop) -> None:
    owner = shop.customer()
    half = shop.v1.coupons.create({"percent_off": 50})
    off = shop.v1.coupons.create({"amount_off": 300, "currency": "eur"})
    shop.v1.invoice_items.create(
        {"customer": owner, "amount": 2000, "currency": "eur", "discounts": [{"coupon": half.id}]}
    )
    shop.v1.invoice_items.create({"customer": owner, "amount": 1000, "currency": "eur"})
    made = shop.v1.invoices.create(
        {"customer": owner, "pending_invoice_items_behavior": "include", "discounts": [{"coupon": off.id}]}
    )
    assert (made.subtotal, made.total) == (3000, 3000 - 1000 - 300)
    assert sum(each.amount for each in made.total_discount_amounts or []) == 1300
