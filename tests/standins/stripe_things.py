"""Things in a shop, each made with as few calls as it takes; what is returned is its id."""

from __future__ import annotations

from typing import Any

from tests.standins.stripe_process import DAY
from tests.standins.stripe_shop import URLS, Shop


def card(shop: Shop) -> str:
    return shop.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id


def invoice(shop: Shop, *, final: bool = False) -> str:
    owner = shop.customer()
    shop.v1.invoice_items.create({"customer": owner, "amount": 900, "currency": "eur"})
    made = str(shop.v1.invoices.create({"customer": owner, "pending_invoice_items_behavior": "include"}).id)
    if final:
        shop.v1.invoices.finalize_invoice(made)
    return made


def subscription(shop: Shop) -> str:
    return shop.subscription(shop.customer()).id


def charge(shop: Shop) -> str:
    pay: Any = {"amount": 900, "currency": "eur", "payment_method": "pm_card_bypassPending", "confirm": True}
    return str(shop.v1.payment_intents.create(pay).latest_charge)


def partner(shop: Shop) -> str:
    made = shop.v1.accounts.create({"type": "express", "capabilities": {"transfers": {"requested": True}}})
    link: Any = {"account": made.id, "type": "account_onboarding", "return_url": "https://a.example/",
                 "refresh_url": "https://a.example/"}  # fmt: skip
    shop.standin.submit(shop.v1.account_links.create(link).url, iban="ES9121000418450200051332")
    charge(shop)
    return made.id


def intent(shop: Shop, **more: Any) -> str:
    given: Any = {"amount": 900, "currency": "eur", **more}
    return shop.v1.payment_intents.create(given).id


def held(shop: Shop) -> str:
    return intent(shop, payment_method="pm_card_visa", confirm=True, capture_method="manual")


def pending(shop: Shop) -> str:
    return shop.v1.invoice_items.create({"customer": shop.customer(), "amount": 900, "currency": "eur"}).id


def line(shop: Shop) -> tuple[str, str]:
    """An invoice and its line."""
    made = invoice(shop)
    return made, str(shop.v1.invoices.line_items.list(made).data[0].id)


def item(shop: Shop) -> str:
    return str(shop.subscription(shop.customer())["items"].data[0].id)


def paused(shop: Shop) -> str:
    settings: Any = {"end_behavior": {"missing_payment_method": "pause"}}
    mine = shop.subscription(shop.customer(card=""), trial_period_days=1, trial_settings=settings)
    shop.standin.advance(2 * DAY)
    return mine.id


def dispute(shop: Shop) -> str:
    intent(shop, payment_method="pm_card_createDispute", confirm=True)
    return shop.v1.disputes.list().data[0].id


def note(shop: Shop) -> str:
    return shop.v1.credit_notes.create({"invoice": invoice(shop, final=True), "amount": 100}).id


def custom(shop: Shop) -> str:
    return shop.v1.accounts.create({"type": "custom", "capabilities": {"transfers": {"requested": True}}}).id


def bank(shop: Shop) -> tuple[str, str]:
    """An account and its bank account."""
    owner = custom(shop)
    return owner, shop.v1.accounts.external_accounts.create(owner, {"external_account": bank_token(shop)}).id


def bank_token(shop: Shop) -> str:
    given: Any = {"account_number": "000123456789", "country": "US", "currency": "usd"}
    return shop.v1.tokens.create({"bank_account": given}).id


def transfer(shop: Shop) -> str:
    return shop.v1.transfers.create({"amount": 100, "currency": "eur", "destination": partner(shop)}).id


def reversal(shop: Shop) -> str:
    sent = transfer(shop)
    return f"/v1/transfers/{sent}/reversals/{shop.v1.transfers.reversals.create(sent, {'amount': 50}).id}"


def payout(shop: Shop, *, paid: bool = False) -> str:
    shop.v1.topups.create({"amount": 900, "currency": "eur"})
    made = shop.v1.payouts.create({"amount": 100, "currency": "eur"}).id
    if paid:
        shop.standin.advance(3 * DAY)
    return made


def code(shop: Shop) -> str:
    return shop.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon(shop)}}).id


def coupon(shop: Shop) -> str:
    return shop.v1.coupons.create({"percent_off": 5}).id


def change(shop: Shop) -> str:
    owner = shop.customer()
    made = shop.v1.customers.balance_transactions.create(owner, {"amount": 5, "currency": "eur"})
    return f"/v1/customers/{owner}/balance_transactions/{made.id}"


def endpoint(shop: Shop) -> str:
    return shop.v1.webhook_endpoints.create({"url": "http://a.example", "enabled_events": ["*"]}).id


def session(shop: Shop) -> str:
    given: Any = {"mode": "subscription", "line_items": [{"price": shop.base, "quantity": 1}], **URLS}
    return shop.v1.checkout.sessions.create(given).id


def configuration(shop: Shop) -> str:
    return shop.v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}}).id
