"""Steps of the walk: the billing portal, connected accounts, and what is left."""

from __future__ import annotations

from typing import Any

import stripe

from tests.standins.stripe_shop import Shop, refused


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
