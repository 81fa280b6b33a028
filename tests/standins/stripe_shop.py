"""A shop at the stand-in: the things that most tests need."""

from __future__ import annotations

from typing import Any

import stripe

from tests.standins.stripe_process import Standin

URLS: Any = {"success_url": "https://shop.example/done?s={CHECKOUT_SESSION_ID}", "cancel_url": "https://shop.example/"}
ADDRESS: Any = {"country": "ES", "line1": "Calle Mayor 1", "city": "Pamplona", "postal_code": "31001"}


class Shop:
    """The things that most steps need."""

    def __init__(self, standin: Standin) -> None:
        self.standin, self.v1 = standin, standin.v1
        self.product = self.v1.products.create({"name": "OB for Retail", "metadata": {"code": "retail"}}).id
        self.base = self.price(9900, recurring={"interval": "month"}, lookup_key="retail_base")
        self.user = self.price(1500, lookup_key="retail_user")

    def price(self, amount: int, **more: Any) -> str:
        given = {"product": self.product, "currency": "eur", "unit_amount": amount, **more}
        return self.v1.prices.create(given).id  # type: ignore[arg-type]

    def customer(self, card: str = "pm_card_visa", **more: Any) -> str:
        given = {"email": "ana@acme.example", "name": "Acme", "address": ADDRESS, **more}
        if card:
            given |= {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
        if card:
            made = self.v1.customers.create({k: v for k, v in given.items() if k != "invoice_settings"})  # type: ignore[arg-type]
            method = self.v1.customers.payment_methods.list(made.id).data[0].id
            self.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": method}})
            return made.id
        return self.v1.customers.create(given).id  # type: ignore[arg-type]

    def subscription(self, customer: str, **more: Any) -> stripe.Subscription:
        given = {"customer": customer, "items": [{"price": self.base}], "billing_mode": {"type": "flexible"}, **more}
        return self.v1.subscriptions.create(given)  # type: ignore[arg-type]

    def item(self, subscription: stripe.Subscription, quantity: int = 3, **more: Any) -> stripe.InvoiceItem:
        given = {
            "customer": subscription.customer, "subscription": subscription.id, "pricing": {"price": self.user},
            "quantity": quantity, **more,
        }  # fmt: skip
        return self.v1.invoice_items.create(given)  # type: ignore[arg-type]


def refused(code: str, call: Any, *given: Any) -> None:
    try:
        call(*given)
    except stripe.StripeError as error:
        assert (error.code or str(error.http_status)) == code, (error.code, error.http_status, str(error))
    else:
        raise AssertionError(f"not refused: {code}")
