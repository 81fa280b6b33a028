"""Steps of the walk: what is done seldom."""

from __future__ import annotations

from typing import Any

from tests.standins.stripe_process import DAY
from tests.standins.stripe_shop import Shop, refused


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


def lines(shop: Shop) -> None:
    v1, owner = shop.v1, shop.customer()
    made = str(v1.invoices.create({"customer": owner, "currency": "eur"}).id)
    pending = v1.invoice_items.create({"customer": owner, "amount": 300, "currency": "eur"})
    added = v1.invoices.add_lines(made, {"lines": [
        {"invoice_item": pending.id}, {"amount": 500, "description": "Work"}, {"pricing": {"price": shop.user}},
    ], "invoice_metadata": {"a": "1"}})  # fmt: skip
    assert added.total == 300 + 500 + 1500
    first, second, third = (str(line.id) for line in added.lines.data)
    changed = v1.invoices.update_lines(made, {"lines": [{"id": second, "amount": 600}, {"id": third, "quantity": 2}]})
    assert changed.total == 300 + 600 + 3000
    left = v1.invoices.remove_lines(
        made, {"lines": [{"id": first, "behavior": "unassign"}, {"id": third, "behavior": "delete"}]}
    )
    assert left.total == 600
    assert [item.id for item in v1.invoice_items.list({"customer": owner, "pending": True}).data] == [pending.id]
    v1.invoices.finalize_invoice(made)
    v1.credit_notes.preview_lines.list({"invoice": made, "amount": 100})
    change = v1.customers.balance_transactions.create(owner, {"amount": 100, "currency": "eur"})
    v1.customers.balance_transactions.update(owner, change.id, {"description": "more"})


def captures(shop: Shop) -> None:
    v1 = shop.v1
    hold: Any = {"amount": 5000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
                 "capture_method": "manual"}  # fmt: skip
    held = v1.payment_intents.create(hold)
    assert (held.status, held.amount_capturable) == ("requires_capture", 5000)
    taken = v1.payment_intents.capture(held.id, {"amount_to_capture": 3000})
    assert (taken.status, taken.amount_received) == ("succeeded", 3000)
    assert v1.payment_intents.cancel(v1.payment_intents.create(hold).id).status == "canceled"
    old = v1.charges.create({"amount": 900, "currency": "eur", "source": "tok_visa", "capture": False})
    assert v1.charges.capture(old.id).captured
    card = v1.tokens.create(
        {"card": {"number": "4242424242424242", "exp_month": "5", "exp_year": "2031", "cvc": "123"}}
    )
    v1.tokens.retrieve(card.id)
    v1.charges.create({"amount": 900, "currency": "eur", "source": card.id})


def accounts(shop: Shop) -> None:
    v1 = shop.v1
    v1.accounts.retrieve_current()
    bank: Any = {"bank_account": {"account_number": "000123456789", "country": "US", "currency": "usd",
                                  "routing_number": "110000000"}}  # fmt: skip
    own: Any = {
        "type": "custom", "country": "US", "business_profile": {"url": "https://a.example/"},
        "capabilities": {"transfers": {"requested": True}}, "external_account": v1.tokens.create(bank).id,
        "tos_acceptance": {"date": shop.standin.now(), "ip": "127.0.0.1"},
    }  # fmt: skip
    made = v1.accounts.create(own)
    assert (made.payouts_enabled, made.requirements and made.requirements.currently_due) == (True, [])
    v1.accounts.retrieve_current(None, {"stripe_account": made.id})
    v1.accounts.capabilities.list(made.id)
    v1.accounts.capabilities.update(made.id, "card_payments", {"requested": True})
    assert v1.accounts.capabilities.retrieve(made.id, "card_payments").status == "active"
    second: Any = {"external_account": v1.tokens.create(bank).id, "metadata": {"a": "1"}}
    added = v1.accounts.external_accounts.create(made.id, second)
    v1.accounts.external_accounts.update(made.id, added.id, {"default_for_currency": True})
    assert len(v1.accounts.external_accounts.list(made.id).data) == 2
    v1.accounts.external_accounts.retrieve(made.id, added.id)
    first = v1.accounts.external_accounts.list(made.id).data[0]
    v1.accounts.external_accounts.delete(made.id, first.id)
    top = v1.topups.create({"amount": 9000, "currency": "usd"})
    v1.topups.update(top.id, {"metadata": {"a": "1"}})
    refused("400", v1.topups.cancel, top.id)
    sent = v1.transfers.create({"amount": 500, "currency": "usd", "destination": made.id})
    back = v1.transfers.reversals.create(sent.id, {"amount": 100})
    v1.transfers.reversals.update(sent.id, back.id, {"metadata": {"a": "1"}})
    paid = v1.payouts.create({"amount": 1000, "currency": "usd"})
    shop.standin.advance(3 * DAY)
    assert v1.payouts.reverse(paid.id).amount == -1000
    assert v1.accounts.reject(made.id, {"reason": "other"}).payouts_enabled is False
