"""A subscription's states: trials, pauses, retries that all failed, payments that are refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from tests.standins.stripe_process import DAY, Standin
from tests.standins.stripe_shop import Shop


@pytest.fixture
def shop(standin: Standin) -> Shop:
    standin.begin(days_ago=300)
    return Shop(standin)


def status(shop: Shop, subscription: stripe.Subscription) -> str:
    return shop.v1.subscriptions.retrieve(subscription.id).status


def failing(shop: Shop) -> stripe.Subscription:
    """Active, with a card that will fail."""
    owner = shop.customer()
    mine = shop.subscription(owner)
    bad = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": owner}).id
    shop.v1.customers.update(owner, {"invoice_settings": {"default_payment_method": bad}})
    return mine


def test_a_trial_is_free_and_its_end_is_told_three_days_ahead(shop: Shop) -> None:
    mine = shop.subscription(shop.customer(), trial_period_days=10)
    assert (mine.status, shop.v1.invoices.retrieve(str(mine.latest_invoice)).total) == ("trialing", 0)
    shop.standin.advance(6 * DAY)
    assert not shop.v1.events.list({"type": "customer.subscription.trial_will_end"}).data
    shop.standin.advance(DAY)
    assert shop.v1.events.list({"type": "customer.subscription.trial_will_end"}).data
    shop.standin.advance(4 * DAY)
    assert status(shop, mine) == "active"
    assert [each.total for each in shop.v1.invoices.list({"subscription": mine.id}).data] == [9900, 0]


@pytest.mark.parametrize(
    ("wanted", "becomes"), [("pause", "paused"), ("cancel", "canceled"), ("create_invoice", "past_due")]
)
def test_a_trial_that_ends_without_a_card_does_what_its_settings_say(shop: Shop, wanted: str, becomes: str) -> None:
    settings: Any = {"end_behavior": {"missing_payment_method": wanted}}
    mine = shop.subscription(shop.customer(""), trial_period_days=5, trial_settings=settings)
    shop.standin.advance(6 * DAY)
    assert status(shop, mine) == becomes


def test_a_paused_subscription_bills_nothing_until_it_is_resumed_and_paid(shop: Shop) -> None:
    owner = shop.customer("")
    settings: Any = {"end_behavior": {"missing_payment_method": "pause"}}
    mine = shop.subscription(owner, trial_period_days=5, trial_settings=settings)
    shop.standin.advance(70 * DAY)
    assert len(shop.v1.invoices.list({"subscription": mine.id}).data) == 1
    assert shop.v1.subscriptions.resume(mine.id).status == "paused"
    method = shop.v1.payment_methods.attach("pm_card_visa", {"customer": owner}).id
    waiting = shop.v1.invoices.list({"subscription": mine.id, "status": "open"}).data[0]
    shop.v1.invoices.pay(str(waiting.id), {"payment_method": method})
    assert status(shop, mine) == "active"
    assert shop.v1.events.list({"type": "customer.subscription.resumed"}).data


def test_a_trial_can_be_ended_at_once_and_is_then_paid(shop: Shop) -> None:
    mine = shop.subscription(shop.customer(), trial_period_days=10)
    shop.standin.advance(DAY)
    assert shop.v1.subscriptions.update(mine.id, {"trial_end": "now"}).status == "active"
    latest = shop.v1.invoices.list({"subscription": mine.id}).data[0]
    assert (latest.total, latest.status, latest.billing_reason) == (9900, "paid", "subscription_update")


@pytest.mark.parametrize(("wanted", "becomes"), [("unpaid", "unpaid"), ("cancel", "canceled")])
def test_after_the_last_retry_the_account_decides(shop: Shop, wanted: str, becomes: str) -> None:
    shop.standin.control("settings", {"after_retries": wanted})
    mine = failing(shop)
    shop.standin.advance(55 * DAY)
    after = shop.v1.subscriptions.retrieve(mine.id)
    assert after.status == becomes
    if becomes == "canceled":
        assert after.cancellation_details and after.cancellation_details.reason == "payment_failed"


def test_invoices_of_an_unpaid_subscription_stay_drafts_and_paying_the_latest_mends_it(shop: Shop) -> None:
    shop.standin.control("settings", {"after_retries": "unpaid"})
    mine = failing(shop)
    shop.standin.advance(65 * DAY)
    latest, first = shop.v1.invoices.list({"subscription": mine.id}).data[:2]
    assert (latest.status, latest.auto_advance, first.status) == ("draft", False, "open")
    good = shop.v1.payment_methods.attach("pm_card_visa", {"customer": str(mine.customer)}).id
    for invoice in (first, latest):
        shop.v1.invoices.pay(str(invoice.id), {"payment_method": good})
    assert status(shop, mine) == "active"


def test_a_card_of_nobody_cannot_become_a_subscriptions_default(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be attached to the customer"):
        shop.subscription(shop.customer(), default_payment_method="pm_card_visa")


def test_a_subscriptions_discount_can_be_taken_away_and_its_billing_mode_migrated(shop: Shop) -> None:
    coupon = shop.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    classic: Any = {"type": "classic"}
    mine = shop.subscription(shop.customer(), discounts=[{"coupon": coupon.id}], billing_mode=classic)
    shop.v1.subscriptions.delete_discount(mine.id)
    assert shop.v1.subscriptions.retrieve(mine.id).discounts == []
    assert (
        shop.v1.subscriptions.migrate(mine.id, {"billing_mode": {"type": "flexible"}}).billing_mode.type == "flexible"
    )
    shop.standin.advance(32 * DAY)
    assert shop.v1.invoices.list({"subscription": mine.id}).data[0].total == 9900


def test_without_a_card_a_subscription_is_refused_unless_it_may_be_incomplete(shop: Shop) -> None:
    owner = shop.customer(card="")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.subscription(owner)
    assert refused.value.code == "resource_missing"
    assert shop.v1.subscriptions.list({"customer": owner, "status": "all"}).data == []
    waiting = shop.subscription(owner, payment_behavior="default_incomplete")
    with pytest.raises(stripe.InvalidRequestError, match="incomplete"):
        shop.v1.subscriptions.update(waiting.id, {"items": [{"price": shop.base, "quantity": 2}]})
    assert shop.v1.subscriptions.update(waiting.id, {"metadata": {"a": "1"}}).status == "incomplete"


def test_the_last_item_can_be_replaced_by_another_in_one_call(shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    dear = shop.price(19900, recurring={"interval": "month"})
    change: Any = [{"id": mine["items"].data[0].id, "deleted": True}, {"price": dear}]
    after = shop.v1.subscriptions.update(mine.id, {"items": change, "proration_behavior": "none"})
    assert [item.price.id for item in after["items"].data] == [dear]
    with pytest.raises(stripe.InvalidRequestError, match="at least one active plan"):
        shop.v1.subscriptions.update(mine.id, {"items": [{"id": after["items"].data[0].id, "deleted": True}]})


def test_two_ways_to_end_exclude_each_other(shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    both: Any = {"cancel_at_period_end": True, "cancel_at": shop.standin.now() + DAY}
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        shop.v1.subscriptions.update(mine.id, both)


def test_a_preview_can_have_discounts_and_inline_items_of_its_own(shop: Shop) -> None:
    mine = shop.subscription(shop.customer())
    half = shop.v1.coupons.create({"percent_off": 50})
    more: Any = {"price_data": {"currency": "eur", "product": shop.product, "unit_amount": 300}, "quantity": 2}
    asked: Any = {"subscription": mine.id, "discounts": [{"coupon": half.id}], "invoice_items": [more]}
    preview = shop.v1.invoices.create_preview(asked)
    assert (preview.subtotal, preview.total) == (10500, 5250)
    assert shop.v1.coupons.retrieve(half.id).times_redeemed == 0


@pytest.mark.parametrize(
    "more",
    [{"billing_scheme": "tiered", "tiers_mode": "volume"}, {"recurring[usage_type]": "metered", "unit_amount": "5"},
     {"unit_amount": "5", "currency_options[usd][unit_amount]": "6"}],
)  # fmt: skip
def test_prices_that_are_not_done_are_501_and_never_taken_for_others(shop: Shop, more: dict[str, str]) -> None:
    form = {"product": shop.product, "currency": "eur", "recurring[interval]": "month", **more}
    assert shop.standin.raw("POST", "/v1/prices", urlencode(form))[0] == 501
