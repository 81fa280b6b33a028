"""Steps of the walk: catalogue, customers, cards, payments, disputes, Checkout."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.standins.stripe_process import DAY
from tests.standins.stripe_shop import URLS, Shop, refused


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
    alone = v1.tax_ids.create(
        {"type": "es_cif", "value": "A12345674", "owner": {"type": "customer", "customer": made.id}}
    )
    v1.tax_ids.retrieve(alone.id)
    assert len(v1.tax_ids.list({"owner": {"type": "customer", "customer": made.id}}).data) == 2
    v1.tax_ids.delete(alone.id)
    refused("resource_missing", v1.customers.delete_discount, made.id)
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
    once: Any = {
        "mode": "payment",
        "line_items": [{"price": shop.user, "quantity": 1}],
        **URLS,
        "customer_email": "c@acme.example",
    }
    single = v1.checkout.sessions.create(once)
    standin.pay_page(str(single.url), number="4000002760003184")
    standin.submit(str(single.url), action="authenticate")
    assert v1.checkout.sessions.retrieve(single.id).payment_status == "paid"
