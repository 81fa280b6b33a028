"""A broad walk through the stand-in with the official library: every operation that it has, at least once."""

from __future__ import annotations

import time
from typing import Any

from tests.standins import stripe_walk_connect, stripe_walk_more, stripe_walk_payments
from tests.standins.stripe_process import DAY, Standin
from tests.standins.stripe_shop import Shop, refused


def subscriptions(shop: Shop) -> None:
    v1 = shop.v1
    owner = shop.customer()
    mine = shop.subscription(owner, metadata={"a": "1"}, description="Plan")
    shop.item(mine, metadata={"cycle": "1"}, period={"start": 1, "end": 2})
    dear = shop.price(19900, recurring={"interval": "month"})
    line = mine["items"].data[0].id
    change: Any = {"items": [{"id": line, "price": dear, "quantity": 2}]}
    v1.invoices.create_preview({"subscription": mine.id})
    v1.invoices.create_preview({"subscription": mine.id, "subscription_details": change})
    v1.invoices.create_preview({"customer": owner, "subscription_details": {"items": [{"price": shop.base}]}})
    v1.subscriptions.update(mine.id, change | {"proration_behavior": "always_invoice"})
    v1.subscriptions.update(mine.id, {"cancel_at_period_end": True})
    v1.subscriptions.update(mine.id, {"cancel_at_period_end": False, "pause_collection": {"behavior": "void"}})
    v1.subscriptions.update(mine.id, {"pause_collection": "", "cancel_at": mine["items"].data[0].current_period_end})
    v1.subscriptions.retrieve(mine.id, {"expand": ["latest_invoice.payments", "customer", "default_payment_method"]})
    v1.subscriptions.list({"customer": owner, "status": "all"})
    v1.subscription_items.list({"subscription": mine.id})
    v1.subscription_items.retrieve(line)
    added = v1.subscription_items.create({"subscription": mine.id, "price": shop.base, "quantity": 1})
    v1.subscription_items.update(added.id, {"quantity": 2, "metadata": {"a": "1"}})
    v1.subscription_items.delete(added.id)
    v1.subscriptions.cancel(mine.id, {"invoice_now": True, "prorate": True})
    failing = shop.customer("pm_card_chargeCustomerFail")
    assert shop.subscription(failing).status == "incomplete"
    send = shop.subscription(shop.customer(), collection_method="send_invoice", days_until_due=7)
    v1.subscriptions.cancel(send.id)


def invoices(shop: Shop) -> None:
    v1 = shop.v1
    owner = shop.customer()
    rate = v1.tax_rates.create({"display_name": "IVA", "percentage": 21, "inclusive": True})
    loose = v1.invoice_items.create({"customer": owner, "amount": 700, "currency": "eur", "tax_rates": [rate.id]})
    v1.invoice_items.update(loose.id, {"description": "Work", "amount": 800})
    v1.invoice_items.list({"customer": owner, "pending": True})
    made = v1.invoices.create({"customer": owner, "currency": "eur", "pending_invoice_items_behavior": "include"})
    on_draft = v1.invoice_items.create({"customer": owner, "invoice": made.id, "pricing": {"price": shop.user}})
    v1.invoice_items.update(on_draft.id, {"quantity": 4})
    v1.invoice_items.retrieve(on_draft.id)
    lines = v1.invoices.line_items.list(made.id)
    v1.invoices.line_items.update(made.id, lines.data[0].id, {"description": "More work"})
    v1.invoice_items.delete(on_draft.id)
    v1.invoices.update(made.id, {"description": "An invoice", "metadata": {"a": "1"}})
    v1.invoices.finalize_invoice(made.id)
    v1.invoices.pay(made.id)
    v1.invoices.retrieve(made.id, {"expand": ["payments.data.payment.payment_intent", "customer"]})
    refused("invoice_already_paid", v1.invoices.pay, made.id)
    for ending in ("void_invoice", "mark_uncollectible", "send_invoice"):
        v1.invoice_items.create({"customer": owner, "amount": 900, "currency": "eur"})
        each = v1.invoices.create({"customer": owner, "currency": "eur", "pending_invoice_items_behavior": "include",
                                   "collection_method": "send_invoice", "days_until_due": 5})  # fmt: skip
        v1.invoices.finalize_invoice(each.id)
        getattr(v1.invoices, ending)(each.id)
    v1.invoices.pay(each.id, {"paid_out_of_band": True})
    v1.invoices.delete(v1.invoices.create({"customer": owner}).id)
    payment = v1.invoice_payments.list({"invoice": made.id}).data[0]
    v1.invoice_payments.retrieve(payment.id, {"expand": ["invoice"]})
    v1.invoices.list({"customer": owner, "status": "paid", "expand": ["data.payments"]})


def discounts(shop: Shop) -> None:
    v1 = shop.v1
    coupon = v1.coupons.create({"percent_off": 25, "duration": "forever", "name": "Quarter"})
    v1.coupons.update(coupon.id, {"metadata": {"a": "1"}})
    v1.coupons.retrieve(coupon.id, {"expand": ["applies_to"]})
    v1.coupons.list()
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "QUARTER"})
    v1.promotion_codes.update(code.id, {"metadata": {"a": "1"}})
    v1.promotion_codes.retrieve(code.id)
    v1.promotion_codes.list({"code": "QUARTER"})
    mine = shop.subscription(shop.customer(), discounts=[{"promotion_code": code.id}])
    v1.subscriptions.retrieve(mine.id, {"expand": ["discounts", "latest_invoice.discounts"]})
    v1.coupons.delete(v1.coupons.create({"amount_off": 100, "currency": "eur", "id": "GONE"}).id)


def credits(shop: Shop) -> None:
    v1 = shop.v1
    owner = shop.customer()
    for ending in ("paid", "open"):
        rate = v1.tax_rates.create({"display_name": "IVA", "percentage": 21, "inclusive": False})
        v1.invoice_items.create({"customer": owner, "amount": 10000, "currency": "eur", "tax_rates": [rate.id]})
        made = v1.invoices.create({"customer": owner, "currency": "eur", "pending_invoice_items_behavior": "include"})
        v1.invoices.finalize_invoice(made.id)
        part: Any = {"invoice": made.id, "lines": [{
            "type": "invoice_line_item", "invoice_line_item": made.lines.data[0].id, "amount": 1000}]}  # fmt: skip
        if ending == "open":
            v1.credit_notes.void_credit_note(v1.credit_notes.create(part).id)
            continue
        v1.invoices.pay(made.id)
        v1.credit_notes.preview(part | {"refund_amount": 1210})
        note = v1.credit_notes.create(part | {"refund_amount": 1210, "reason": "order_change", "memo": "less"})
        v1.credit_notes.create({"invoice": made.id, "amount": 500, "credit_amount": 500})
        v1.credit_notes.update(note.id, {"metadata": {"a": "1"}})
        v1.credit_notes.retrieve(note.id, {"expand": ["invoice"]})
        v1.credit_notes.list({"invoice": made.id})
        v1.credit_notes.line_items.list(note.id)
    txn = v1.customers.balance_transactions.create(owner, {"amount": -300, "currency": "eur", "description": "gift"})
    v1.customers.balance_transactions.list(owner)
    v1.customers.balance_transactions.retrieve(owner, txn.id)


def set_ups(shop: Shop) -> None:
    v1, owner = shop.v1, shop.customer(card="")
    made = v1.setup_intents.create({"customer": owner, "payment_method_types": ["card"]})
    v1.setup_intents.update(made.id, {"metadata": {"a": "1"}})
    waiting = v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_authenticationRequiredOnSetup",
                                                 "return_url": "https://shop.example/"})  # fmt: skip
    assert waiting.next_action and waiting.next_action.redirect_to_url
    shop.standin.submit(str(waiting.next_action.redirect_to_url.url), action="authenticate")
    assert v1.setup_intents.retrieve(made.id).status == "succeeded"
    v1.setup_intents.cancel(v1.setup_intents.create({"customer": owner}).id)
    v1.setup_intents.list({"customer": owner})


def clocks(shop: Shop) -> None:
    v1, now = shop.v1, int(time.time())
    clock = v1.test_helpers.test_clocks.create({"frozen_time": now, "name": "renewal"})
    owner = v1.customers.create({"email": "t@acme.example", "test_clock": clock.id, "payment_method": "pm_card_visa"})
    method = v1.customers.payment_methods.list(owner.id).data[0].id
    mine = shop.subscription(owner.id, default_payment_method=method, trial_period_days=3)
    assert mine.status == "trialing"
    v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": now + 40 * DAY})
    assert v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    assert len(v1.invoices.list({"subscription": mine.id}).data) == 3
    assert owner.id not in [each.id for each in v1.customers.list().data]
    assert len(v1.customers.list({"test_clock": clock.id}).data) == 1
    v1.test_helpers.test_clocks.list()
    v1.test_helpers.test_clocks.delete(clock.id)


def searches(shop: Shop) -> None:
    v1 = shop.v1
    shop.customer(card="", email="found@acme.example", metadata={"code": "77"})
    query: Any = {"query": "email:'found@acme.example' AND metadata['code']:'77'", "limit": 1}
    assert len(v1.customers.search(query).data) == 1
    v1.invoices.search({"query": "status:'paid' AND total>100"})
    v1.subscriptions.search({"query": "status:'active'"})
    v1.charges.search({"query": "amount>100"})
    v1.payment_intents.search({"query": "status:'succeeded'"})
    v1.prices.search({"query": "active:'true' AND lookup_key:'retail_base'"})
    v1.products.search({"query": "name~'Retail' OR name~'Other'"})


STEPS = [
    stripe_walk_payments.catalogue,
    stripe_walk_payments.customers,
    stripe_walk_payments.cards,
    stripe_walk_payments.payments,
    stripe_walk_payments.disputes,
    stripe_walk_payments.checkout,
    subscriptions,
    invoices,
    discounts,
    credits,
    set_ups,
    clocks,
    searches,
    stripe_walk_more.subscriptions,
    stripe_walk_more.invoices,
    stripe_walk_more.lines,
    stripe_walk_more.captures,
    stripe_walk_more.accounts,
    stripe_walk_connect.portal,
    stripe_walk_connect.connect,
]


def walk(standin: Standin) -> Shop:
    standin.begin(days_ago=100)
    shop = Shop(standin)
    for step in STEPS:
        step(shop)
    standin.control("clock", {"advance_to": int(time.time())})
    stripe_walk_connect.the_rest(shop)
    return shop
