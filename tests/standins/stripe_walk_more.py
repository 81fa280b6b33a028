"""Steps of the walk: what is done seldom."""

from __future__ import annotations

from typing import Any

from tests.standins.stripe_process import DAY
from tests.standins.stripe_shop import Shop


def subscriptions(shop: Shop) -> None:
    v1 = shop.v1
    coupon = v1.coupons.create({"percent_off": 10, "duration": "forever"})
    settings: Any = {"end_behavior": {"missing_payment_method": "pause"}}
    owner = shop.customer("")
    mine = shop.subscription(owner, trial_period_days=5, trial_settings=settings, discounts=[{"coupon": coupon.id}])
    v1.subscriptions.migrate(mine.id, {"billing_mode": {"type": "flexible"}})
    v1.subscriptions.delete_discount(mine.id)
    shop.standin.advance(6 * DAY)
    assert v1.subscriptions.resume(mine.id).status == "paused"
    v1.subscriptions.cancel(mine.id)


def invoices(shop: Shop) -> None:
    v1, owner = shop.v1, shop.customer()
    v1.invoice_items.create({"customer": owner, "amount": 900, "currency": "eur"})
    made = str(v1.invoices.create({"customer": owner, "pending_invoice_items_behavior": "include"}).id)
    v1.invoices.finalize_invoice(made)
    pay: Any = {"amount": 1000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    v1.invoices.attach_payment(made, {"payment_intent": v1.payment_intents.create(pay).id})
