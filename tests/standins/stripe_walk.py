"""A broad walk through the stand-in with the official library: every operation that it has, at least once."""

from __future__ import annotations

import contextlib
import time
from decimal import Decimal
from typing import Any

import stripe

from tests.standins.stripe_process import DAY, Standin

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
        assert (error.code or error.http_status) == code, (error.code, error.http_status, str(error))
    else:
        raise AssertionError(f"not refused: {code}")


def catalogue(shop: Shop) -> None:
    v1 = shop.v1
    other = v1.products.create({"name": "Other", "description": "x", "default_price_data": {
        "currency": "eur", "unit_amount": 100, "recurring": {"interval": "year"}}})  # fmt: skip
    v1.products.update(other.id, {"active": False, "unit_label": "seat"})
    v1.products.retrieve(other.id, {"expand": ["default_price"]})
    v1.products.list({"active": True})
    plain = v1.products.create({"name": "Gone", "id": "gone"})
    v1.products.delete(plain.id)
    v1.prices.create({"currency": "eur", "unit_amount_decimal": Decimal("0.5"), "product_data": {"name": "Disk"}})
    v1.prices.update(shop.base, {"nickname": "Base", "metadata": {"a": "1"}})
    assert v1.prices.list({"lookup_keys": ["retail_base"], "expand": ["data.product"]}).data[0].id == shop.base
    v1.prices.retrieve(shop.base)
    rate = v1.tax_rates.create({"display_name": "IVA", "percentage": 21, "inclusive": False, "country": "ES"})
    v1.tax_rates.update(rate.id, {"description": "Spain"})
    v1.tax_rates.retrieve(rate.id)
    v1.tax_rates.list()


def customers(shop: Shop) -> None:
    v1 = shop.v1
    made = v1.customers.create({
        "email": "b@acme.example", "preferred_locales": ["es"], "tax_exempt": "reverse", "phone": "1",
        "shipping": {"name": "x", "address": {"line1": "y"}},
        "tax_id_data": [{"type": "eu_vat", "value": "ESB12345674"}], "metadata": {"sign_up": "1"},
    })  # fmt: skip
    v1.customers.update(made.id, {"name": "B", "metadata": {"sign_up": "", "more": "2"}})
    v1.customers.retrieve(made.id, {"expand": ["tax_ids", "subscriptions", "tax"]})
    v1.customers.list({"email": "b@acme.example"})
    number = v1.customers.tax_ids.create(made.id, {"type": "es_cif", "value": "A12345674"})
    v1.customers.tax_ids.retrieve(made.id, number.id)
    v1.customers.tax_ids.list(made.id)
    v1.customers.tax_ids.delete(made.id, number.id)
    v1.customers.delete(made.id)
    refused("resource_missing", v1.customers.retrieve, "cus_none")


def cards(shop: Shop) -> None:
    v1 = shop.v1
    owner = shop.customer(card="")
    card = v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}, "billing_details": {"name": "A"}})
    v1.payment_methods.attach(card.id, {"customer": owner})
    v1.payment_methods.update(card.id, {"metadata": {"a": "1"}, "card": {"exp_year": 2035}})
    v1.payment_methods.list({"customer": owner, "type": "card"})
    v1.payment_methods.retrieve(card.id)
    v1.customers.payment_methods.retrieve(owner, card.id)
    v1.payment_methods.detach(card.id)
    refused("card_declined", v1.payment_methods.attach, "pm_card_chargeDeclined", {"customer": owner})
    refused("incorrect_number", v1.payment_methods.create, {"type": "card", "card": {"number": "4111", "exp_month": 1,
                                                                                  "exp_year": 2030}})  # fmt: skip


def payments(shop: Shop) -> None:
    v1 = shop.v1
    owner = shop.customer()
    pay: Any = {"amount": 5000, "currency": "eur", "customer": owner, "payment_method": "pm_card_visa",
                "confirm": True, "off_session": True, "description": "once"}  # fmt: skip
    paid = v1.payment_intents.create(pay)
    assert paid.status == "succeeded"
    charge = str(paid.latest_charge)
    v1.charges.update(charge, {"metadata": {"a": "1"}})
    v1.charges.retrieve(charge, {"expand": ["balance_transaction", "customer", "refunds"]})
    v1.charges.list({"customer": owner})
    refund = v1.refunds.create({"payment_intent": paid.id, "amount": 1000, "reason": "requested_by_customer"})
    v1.refunds.update(refund.id, {"metadata": {"a": "1"}})
    v1.refunds.retrieve(refund.id, {"expand": ["charge"]})
    v1.refunds.list({"charge": charge})
    refused("refund_not_cancelable", v1.refunds.cancel, refund.id)
    refused("card_declined", v1.payment_intents.create, {**pay, "payment_method": "pm_card_chargeCustomerFail"})
    refused("authentication_required", v1.payment_intents.create,
            {**pay, "payment_method": "pm_card_authenticationRequired"})  # fmt: skip
    waiting = v1.payment_intents.create(
        {"amount": 100, "currency": "eur", "automatic_payment_methods": {"enabled": True}}
    )
    v1.payment_intents.update(waiting.id, {"metadata": {"a": "1"}})
    v1.payment_intents.confirm(waiting.id, {"payment_method": "pm_card_authenticationRequired",
                                            "return_url": "https://shop.example/"})  # fmt: skip
    v1.payment_intents.retrieve(waiting.id)
    v1.payment_intents.cancel(waiting.id)
    v1.payment_intents.list()


def disputes(shop: Shop) -> None:
    v1 = shop.v1
    for outcome in ("winning_evidence", "losing_evidence", ""):
        pay: Any = {"amount": 5000, "currency": "eur", "payment_method": "pm_card_createDispute", "confirm": True}
        charge = str(v1.payment_intents.create(pay).latest_charge)
        found = v1.disputes.list({"charge": charge}).data[0]
        if outcome:
            v1.disputes.update(found.id, {"evidence": {"uncategorized_text": outcome}})
        else:
            v1.disputes.close(found.id)
    pay = {"amount": 5000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    charge = str(v1.payment_intents.create(pay).latest_charge)
    made = shop.standin.control("disputes", {"charge": charge, "amount": 2000, "reason": "general"})
    shop.standin.control("disputes", {"dispute": made["id"], "outcome": "lost"})
    shop.standin.control("disputes", {"dispute": made["id"], "outcome": "reinstated"})
    v1.disputes.retrieve(made["id"], {"expand": ["charge", "payment_intent"]})
    inquiry = shop.standin.control("disputes", {"charge": charge, "warning": True})
    shop.standin.control("disputes", {"dispute": inquiry["id"], "outcome": "won"})


def checkout(shop: Shop) -> None:
    v1, standin = shop.v1, shop.standin
    owner = shop.customer(card="")
    given: Any = {
        "mode": "subscription", "customer": owner, "client_reference_id": "1", "metadata": {"a": "b"}, **URLS,
        "line_items": [{"price": shop.base, "quantity": 2}], "locale": "es", "billing_address_collection": "required",
        "customer_update": {"address": "auto", "name": "auto"}, "tax_id_collection": {"enabled": True},
        "automatic_tax": {"enabled": True}, "adaptive_pricing": {"enabled": False}, "allow_promotion_codes": True,
        "payment_method_types": ["card"], "consent_collection": {"terms_of_service": "required"},
        "subscription_data": {"metadata": {"c": "d"}, "billing_mode": {"type": "flexible"}, "description": "Plan",
                              "billing_cycle_anchor": standin.now() + 10 * DAY,
                              "proration_behavior": "create_prorations"},
    }  # fmt: skip
    opened = v1.checkout.sessions.create(given)
    v1.checkout.sessions.line_items.list(opened.id)
    assert standin.pay_page(str(opened.url), tax_id="ESB12345674").status == 402
    assert standin.pay_page(str(opened.url), terms="yes", tax_id="ESB12345674").status == 303
    done = v1.checkout.sessions.retrieve(opened.id, {"expand": ["subscription", "line_items", "customer", "invoice"]})
    assert done.status == "complete"
    v1.checkout.sessions.update(done.id, {"metadata": {"x": "y"}})
    v1.checkout.sessions.list({"customer": owner})
    gone = v1.checkout.sessions.create(given | {"expires_at": standin.now() + 3600})
    v1.checkout.sessions.expire(gone.id)
    once: Any = {"mode": "payment", "line_items": [{"price": shop.user}], **URLS, "customer_email": "c@acme.example"}
    single = v1.checkout.sessions.create(once)
    standin.pay_page(str(single.url), number="4000002760003184")
    standin.submit(str(single.url), action="authenticate")
    assert v1.checkout.sessions.retrieve(single.id).payment_status == "paid"


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


def portal(shop: Shop) -> None:
    v1 = shop.v1
    made = v1.billing_portal.configurations.create({"features": {
        "payment_method_update": {"enabled": True}, "invoice_history": {"enabled": True}}})  # fmt: skip
    v1.billing_portal.configurations.update(made.id, {"default_return_url": "https://shop.example/"})
    v1.billing_portal.configurations.retrieve(made.id)
    v1.billing_portal.configurations.list()
    opened = v1.billing_portal.sessions.create({
        "customer": shop.customer(), "configuration": made.id, "return_url": "https://shop.example/",
        "flow_data": {"type": "payment_method_update", "after_completion": {
            "type": "redirect", "redirect": {"return_url": "https://shop.example/ok"}}},
    })  # fmt: skip
    assert shop.standin.pay_page(opened.url).status == 303


def connect(shop: Shop) -> None:
    v1, standin = shop.v1, shop.standin
    made = v1.accounts.create({"type": "express", "country": "ES", "email": "p@iberia.example", "capabilities": {
        "transfers": {"requested": True}}, "business_type": "company", "metadata": {"partner": "1"}})  # fmt: skip
    v1.accounts.create({"country": "US", "controller": {"stripe_dashboard": {"type": "express"}}})
    send: Any = {"amount": 5000, "currency": "eur", "destination": made.id, "transfer_group": "payment_1"}
    refused("insufficient_capabilities_for_transfer", v1.transfers.create, send)
    link = v1.account_links.create({"account": made.id, "type": "account_onboarding",
        "return_url": "https://shop.example/r", "refresh_url": "https://shop.example/f"})  # fmt: skip
    assert standin.submit(link.url, iban="ES91 2100 0418 4502 0005 1332", holder="Iberia").status == 303
    v1.accounts.update(made.id, {"metadata": {"partner": "2"}, "business_profile": {"url": "https://iberia.example"}})
    v1.accounts.retrieve(made.id)
    v1.accounts.list()
    v1.accounts.login_links.create(made.id)
    refused("balance_insufficient", v1.transfers.create, send | {"amount": 10**7})
    top = v1.topups.create({"amount": 100000, "currency": "eur", "description": "for partners"})
    v1.topups.retrieve(top.id)
    v1.topups.list()
    sent = v1.transfers.create(send | {"metadata": {"payment": "1"}, "description": "May"})
    v1.transfers.update(sent.id, {"metadata": {"b": "1"}})
    v1.transfers.retrieve(sent.id, {"expand": ["destination", "balance_transaction"]})
    v1.transfers.list({"transfer_group": "payment_1"})
    back = v1.transfers.reversals.create(sent.id, {"amount": 500})
    v1.transfers.reversals.retrieve(sent.id, back.id)
    v1.transfers.reversals.list(sent.id)
    there: Any = {"stripe_account": made.id}
    payout = v1.payouts.create({"amount": 2000, "currency": "eur"}, there)
    v1.payouts.update(payout.id, {"metadata": {"a": "1"}}, there)
    v1.payouts.retrieve(payout.id, None, there)
    v1.payouts.list(None, there)
    v1.payouts.cancel(v1.payouts.create({"amount": 100, "currency": "eur"}, there).id, None, there)
    v1.balance.retrieve(None, there)
    v1.charges.list(None, there)
    v1.events.list(None, there)
    gone = v1.accounts.create({"type": "express", "country": "ES"})
    v1.accounts.delete(gone.id)


def the_rest(shop: Shop) -> None:
    v1 = shop.v1
    v1.balance.retrieve()
    rows = v1.balance_transactions.list({"limit": 3})
    v1.balance_transactions.retrieve(rows.data[0].id, {"expand": ["source"]})
    hook: Any = {"url": "http://127.0.0.1:9/", "enabled_events": ["invoice.paid"],
                                        "api_version": stripe.api_version, "connect": False}  # fmt: skip
    made = v1.webhook_endpoints.create(hook)
    v1.webhook_endpoints.update(made.id, {"disabled": True})
    v1.webhook_endpoints.retrieve(made.id)
    v1.webhook_endpoints.list()
    v1.webhook_endpoints.delete(made.id)
    first = v1.events.list({"limit": 1}).data[0]
    v1.events.retrieve(first.id)


STEPS = [
    catalogue,
    customers,
    cards,
    payments,
    disputes,
    checkout,
    subscriptions,
    invoices,
    discounts,
    credits,
    set_ups,
    clocks,
    searches,
    portal,
    connect,
]


def walk(standin: Standin) -> Shop:
    standin.begin(days_ago=100)
    shop = Shop(standin)
    for step in STEPS:
        step(shop)
    with contextlib.suppress(stripe.StripeError):
        standin.control("clock", {"advance_to": int(time.time())})
    the_rest(shop)
    return shop
