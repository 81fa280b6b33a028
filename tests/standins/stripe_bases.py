"""Every operation of the stand-in that takes parameters: a call that is answered, to which others can be added."""

from __future__ import annotations

from collections.abc import Callable

from tests.standins import stripe_things as things
from tests.standins.stripe_shop import Shop

Form = dict[str, str]
Base = Callable[[Shop], tuple[str, Form]]


def _new(path: str, **form: str) -> Base:
    return lambda shop: (path, {name.replace("__", "[") + "]" * ("__" in name): v for name, v in form.items()})


def _portal(shop: Shop) -> tuple[str, Form]:
    return "/v1/billing_portal/sessions", {"customer": shop.customer(), "configuration": things.configuration(shop)}


PAGE = {"success_url": "https://a.example/ok", "cancel_url": "https://a.example/"}
BASES: dict[str, Base] = {
    "POST /v1/products": _new("/v1/products", name="A"),
    "POST /v1/products/{id}": lambda shop: (f"/v1/products/{shop.product}", {}),
    "POST /v1/prices": lambda shop: ("/v1/prices", {"product": shop.product, "currency": "eur", "unit_amount": "5"}),
    "POST /v1/prices/{price}": lambda shop: (f"/v1/prices/{shop.base}", {}),
    "POST /v1/tax_rates": _new("/v1/tax_rates", display_name="A", percentage="5", inclusive="true"),
    "POST /v1/customers": _new("/v1/customers"),
    "POST /v1/customers/{customer}": lambda shop: (f"/v1/customers/{shop.customer()}", {}),
    "POST /v1/payment_methods": _new("/v1/payment_methods", type="card", card__token="tok_visa"),
    "POST /v1/payment_methods/{payment_method}/attach": lambda shop: (
        f"/v1/payment_methods/{things.card(shop)}/attach", {"customer": shop.customer(card="")}),
    "POST /v1/payment_intents": _new("/v1/payment_intents", amount="500", currency="eur"),
    "POST /v1/setup_intents": _new("/v1/setup_intents"),
    "POST /v1/charges/{charge}": lambda shop: (f"/v1/charges/{things.charge(shop)}", {}),
    "POST /v1/refunds": lambda shop: ("/v1/refunds", {"charge": things.charge(shop)}),
    "POST /v1/invoiceitems": lambda shop: (
        "/v1/invoiceitems", {"customer": shop.customer(), "amount": "100", "currency": "eur"}),
    "POST /v1/invoices": lambda shop: ("/v1/invoices", {"customer": shop.customer()}),
    "POST /v1/invoices/{invoice}": lambda shop: (f"/v1/invoices/{things.invoice(shop)}", {}),
    "POST /v1/invoices/{invoice}/finalize": lambda shop: (f"/v1/invoices/{things.invoice(shop)}/finalize", {}),
    "POST /v1/invoices/{invoice}/pay": lambda shop: (f"/v1/invoices/{things.invoice(shop, final=True)}/pay", {}),
    "POST /v1/invoices/{invoice}/void": lambda shop: (f"/v1/invoices/{things.invoice(shop, final=True)}/void", {}),
    "POST /v1/invoices/create_preview": lambda shop: (
        "/v1/invoices/create_preview", {"subscription": things.subscription(shop)}),
    "POST /v1/credit_notes": lambda shop: (
        "/v1/credit_notes", {"invoice": things.invoice(shop, final=True), "amount": "100"}),
    "POST /v1/subscriptions": lambda shop: (
        "/v1/subscriptions", {"customer": shop.customer(), "items[0][price]": shop.base}),
    "POST /v1/subscriptions/{subscription_exposed_id}": lambda shop: (
        f"/v1/subscriptions/{things.subscription(shop)}", {}),
    "POST /v1/coupons": _new("/v1/coupons", percent_off="5"),
    "POST /v1/checkout/sessions": lambda shop: (
        "/v1/checkout/sessions", {"mode": "subscription", "line_items[0][price]": shop.base,
                                  "line_items[0][quantity]": "1", **PAGE}),
    "POST /v1/billing_portal/configurations": _new(
        "/v1/billing_portal/configurations", **{"features[invoice_history][enabled]": "true"}),
    "POST /v1/billing_portal/sessions": _portal,
    "POST /v1/accounts": _new("/v1/accounts", type="express"),
    "POST /v1/account_links": lambda shop: ("/v1/account_links", {
        "account": shop.v1.accounts.create({"type": "express"}).id, "type": "account_onboarding",
        "return_url": "https://a.example/", "refresh_url": "https://a.example/"}),
    "POST /v1/transfers": lambda shop: (
        "/v1/transfers", {"amount": "100", "currency": "eur", "destination": things.partner(shop)}),
    "POST /v1/topups": _new("/v1/topups", amount="100", currency="eur"),
    "POST /v1/webhook_endpoints": _new(
        "/v1/webhook_endpoints", **{"url": "http://a.example", "enabled_events[0]": "*"}),
    "POST /v1/payment_intents/{intent}": lambda shop: (f"/v1/payment_intents/{things.intent(shop)}", {}),
    "POST /v1/payment_intents/{intent}/confirm": lambda shop: (
        f"/v1/payment_intents/{things.intent(shop)}/confirm", {"payment_method": "pm_card_visa"}),
    "POST /v1/payment_intents/{intent}/cancel": lambda shop: (f"/v1/payment_intents/{things.intent(shop)}/cancel", {}),
    "POST /v1/payment_intents/{intent}/capture": lambda shop: (f"/v1/payment_intents/{things.held(shop)}/capture", {}),
    "POST /v1/setup_intents/{intent}": lambda shop: (
        f"/v1/setup_intents/{shop.v1.setup_intents.create().id}", {}),
    "POST /v1/setup_intents/{intent}/confirm": lambda shop: (
        f"/v1/setup_intents/{shop.v1.setup_intents.create().id}/confirm", {"payment_method": "pm_card_visa"}),
    "POST /v1/setup_intents/{intent}/cancel": lambda shop: (
        f"/v1/setup_intents/{shop.v1.setup_intents.create().id}/cancel", {}),
    "POST /v1/charges": _new("/v1/charges", amount="500", currency="eur", source="tok_visa"),
    "POST /v1/charges/{charge}/capture": lambda shop: (
        f"/v1/charges/{shop.v1.payment_intents.retrieve(things.held(shop)).latest_charge}/capture", {}),
    "POST /v1/tokens": lambda shop: ("/v1/tokens", {
        "card[number]": "4242424242424242", "card[exp_month]": "5", "card[exp_year]": "2031"}),
    "POST /v1/refunds/{refund}": lambda shop: (
        f"/v1/refunds/{shop.v1.refunds.create({'charge': things.charge(shop)}).id}", {}),
    "POST /v1/disputes/{dispute}": lambda shop: (f"/v1/disputes/{things.dispute(shop)}", {}),
    "POST /v1/payment_methods/{payment_method}": lambda shop: (
        f"/v1/payment_methods/{shop.v1.customers.payment_methods.list(shop.customer()).data[0].id}", {}),
    "POST /v1/customers/{customer}/tax_ids": lambda shop: (
        f"/v1/customers/{shop.customer()}/tax_ids", {"type": "es_cif", "value": "A12345674"}),
    "POST /v1/customers/{customer}/balance_transactions": lambda shop: (
        f"/v1/customers/{shop.customer()}/balance_transactions", {"amount": "5", "currency": "eur"}),
    "POST /v1/customers/{customer}/balance_transactions/{transaction}": lambda shop: (things.change(shop), {}),
    "POST /v1/coupons/{coupon}": lambda shop: (f"/v1/coupons/{things.coupon(shop)}", {}),
    "POST /v1/promotion_codes": lambda shop: (
        "/v1/promotion_codes", {"promotion[type]": "coupon", "promotion[coupon]": things.coupon(shop)}),
    "POST /v1/promotion_codes/{promotion_code}": lambda shop: (f"/v1/promotion_codes/{things.code(shop)}", {}),
    "POST /v1/tax_rates/{tax_rate}": lambda shop: ("/v1/tax_rates/" + shop.v1.tax_rates.create(
        {"display_name": "A", "percentage": 5, "inclusive": True}).id, {}),
    "POST /v1/invoiceitems/{invoiceitem}": lambda shop: (f"/v1/invoiceitems/{things.pending(shop)}", {}),
    "POST /v1/invoices/{invoice}/add_lines": lambda shop: (
        f"/v1/invoices/{things.invoice(shop)}/add_lines", {"lines[0][amount]": "5", "lines[0][description]": "A"}),
    "POST /v1/invoices/{invoice}/update_lines": lambda shop: (
        f"/v1/invoices/{(line := things.line(shop))[0]}/update_lines", {"lines[0][id]": line[1]}),
    "POST /v1/invoices/{invoice}/remove_lines": lambda shop: (
        f"/v1/invoices/{(line := things.line(shop))[0]}/remove_lines", {
            "lines[0][id]": line[1], "lines[0][behavior]": "delete"}),
    "POST /v1/invoices/{invoice}/lines/{line_item_id}": lambda shop: (
        "/v1/invoices/{}/lines/{}".format(*things.line(shop)), {}),
    "POST /v1/invoices/{invoice}/attach_payment": lambda shop: (
        f"/v1/invoices/{things.invoice(shop, final=True)}/attach_payment", {"payment_intent": things.intent(shop)}),
    "POST /v1/credit_notes/{id}": lambda shop: (f"/v1/credit_notes/{things.note(shop)}", {}),
    "GET /v1/credit_notes/preview": lambda shop: (
        "/v1/credit_notes/preview", {"invoice": things.invoice(shop, final=True), "amount": "100"}),
    "POST /v1/subscription_items": lambda shop: ("/v1/subscription_items", {
        "subscription": things.subscription(shop), "price": shop.price(500, recurring={"interval": "month"})}),
    "POST /v1/subscription_items/{item}": lambda shop: (f"/v1/subscription_items/{things.item(shop)}", {}),
    "DELETE /v1/subscriptions/{subscription_exposed_id}": lambda shop: (
        f"/v1/subscriptions/{things.subscription(shop)}", {}),
    "POST /v1/subscriptions/{subscription}/migrate": lambda shop: (
        f"/v1/subscriptions/{things.subscription(shop)}/migrate", {"billing_mode[type]": "flexible"}),
    "POST /v1/subscriptions/{subscription}/resume": lambda shop: (
        f"/v1/subscriptions/{things.paused(shop)}/resume", {}),
    "POST /v1/checkout/sessions/{session}": lambda shop: (f"/v1/checkout/sessions/{things.session(shop)}", {}),
    "POST /v1/billing_portal/configurations/{configuration}": lambda shop: (
        f"/v1/billing_portal/configurations/{things.configuration(shop)}", {}),
    "POST /v1/accounts/{account}": lambda shop: (f"/v1/accounts/{things.custom(shop)}", {}),
    "POST /v1/accounts/{account}/reject": lambda shop: (
        f"/v1/accounts/{things.custom(shop)}/reject", {"reason": "fraud"}),
    "POST /v1/accounts/{account}/capabilities/{capability}": lambda shop: (
        f"/v1/accounts/{things.custom(shop)}/capabilities/card_payments", {}),
    "POST /v1/accounts/{account}/external_accounts": lambda shop: (
        f"/v1/accounts/{things.custom(shop)}/external_accounts", {"external_account": things.bank_token(shop)}),
    "POST /v1/accounts/{account}/external_accounts/{id}": lambda shop: (
        "/v1/accounts/{}/external_accounts/{}".format(*things.bank(shop)), {}),
    "POST /v1/transfers/{transfer}": lambda shop: (f"/v1/transfers/{things.transfer(shop)}", {}),
    "POST /v1/transfers/{id}/reversals": lambda shop: (f"/v1/transfers/{things.transfer(shop)}/reversals", {}),
    "POST /v1/transfers/{transfer}/reversals/{id}": lambda shop: (things.reversal(shop), {}),
    "POST /v1/topups/{topup}": lambda shop: (
        f"/v1/topups/{shop.v1.topups.create({'amount': 5, 'currency': 'eur'}).id}", {}),
    "POST /v1/payouts": lambda shop: ("/v1/payouts", {"amount": "5", "currency": "eur"} if things.payout(shop) else {}),
    "POST /v1/payouts/{payout}": lambda shop: (f"/v1/payouts/{things.payout(shop)}", {}),
    "POST /v1/payouts/{payout}/reverse": lambda shop: (f"/v1/payouts/{things.payout(shop, paid=True)}/reverse", {}),
    "POST /v1/webhook_endpoints/{webhook_endpoint}": lambda shop: (
        f"/v1/webhook_endpoints/{things.endpoint(shop)}", {}),
    "POST /v1/test_helpers/test_clocks": _new("/v1/test_helpers/test_clocks", frozen_time="1790000000"),
    "POST /v1/tax_ids": lambda shop: ("/v1/tax_ids", {
        "type": "es_cif", "value": "A12345674", "owner[type]": "customer", "owner[customer]": shop.customer()}),
}  # fmt: skip
LISTS: dict[str, Callable[[Shop], object]] = {
    "GET /v1/products": lambda shop: None,
    "GET /v1/prices": lambda shop: None,
    "GET /v1/customers": Shop.customer,
    "GET /v1/coupons": things.coupon,
    "GET /v1/promotion_codes": things.code,
    "GET /v1/tax_rates": lambda shop: shop.v1.tax_rates.create(
        {"display_name": "A", "percentage": 5, "inclusive": True}
    ),
    "GET /v1/payment_intents": things.intent,
    "GET /v1/setup_intents": lambda shop: shop.v1.setup_intents.create(),
    "GET /v1/charges": things.charge,
    "GET /v1/refunds": lambda shop: shop.v1.refunds.create({"charge": things.charge(shop)}),
    "GET /v1/disputes": things.dispute,
    "GET /v1/balance_transactions": things.charge,
    "GET /v1/subscriptions": things.subscription,
    "GET /v1/invoices": things.invoice,
    "GET /v1/invoiceitems": things.pending,
    "GET /v1/invoice_payments": lambda shop: things.invoice(shop, final=True),
    "GET /v1/credit_notes": things.note,
    "GET /v1/checkout/sessions": things.session,
    "GET /v1/billing_portal/configurations": things.configuration,
    "GET /v1/transfers": things.transfer,
    "GET /v1/topups": lambda shop: shop.v1.topups.create({"amount": 5, "currency": "eur"}),
    "GET /v1/payouts": things.payout,
    "GET /v1/events": things.endpoint,
    "GET /v1/payment_methods": Shop.customer,
}  # what a list needs, to show anything
