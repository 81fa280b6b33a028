"""Customers."""

from __future__ import annotations

import re

from ondemand.standins.stripe.account import INCLUDED, Account
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.customer_balance import change
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import attach, not_attached, resolve
from ondemand.standins.stripe.shapes import Object, part
from ondemand.standins.stripe.tax_ids import add_tax_id

FIELDS = (
    "name email description phone metadata preferred_locales tax_exempt business_name individual_name invoice_prefix "
    "next_invoice_sequence"
)
INVOICING = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}

resource("customer", "/v1/customers", "email test_clock")
INCLUDED["customer", "subscriptions"] = lambda account, customer: {
    "object": "list",
    "data": [s for s in account.find("subscription", customer=customer["id"]) if s["status"] != "canceled"],
    "has_more": False,
    "url": f"/v1/customers/{customer['id']}/subscriptions",
}
INCLUDED["customer", "tax_ids"] = lambda account, customer: {
    "object": "list",
    "data": account.find("tax_id", customer=customer["id"]),
    "has_more": False,
    "url": f"/v1/customers/{customer['id']}/tax_ids",
}
INCLUDED["customer", "tax"] = lambda account, customer: {
    "automatic_tax": "not_collecting" if customer["address"] else "unrecognized_location",
    "ip_address": None,
    "location": {"country": customer["address"]["country"], "source": "billing_address", "state": None}
    if customer["address"] and customer["address"]["country"]
    else None,
    "provider": "stripe",
}


@operation("POST /v1/customers")
def create(account: Account, params: Params) -> Object:
    if clock := params.get("test_clock"):
        account.enter({"test_clock": account.get("test_helpers.test_clock", clock, "test_clock")["id"]})
        if len(account.find("customer", test_clock=clock)) >= 3:
            raise invalid("A test clock can have up to 3 customers.", "test_clock")
    made = new_customer(account)
    method = None
    if "payment_method" in params:
        method = attach(account, resolve(account, params["payment_method"], "payment_method"), made)
    settings(account, assign(made, params, FIELDS), params, method)
    for given in params.get("tax_id_data") or []:
        add_tax_id(account, made, given["type"], given["value"])
    emit(account, "customer.created", account.save(made))
    return _balance(account, made, params)


def new_customer(account: Account) -> Object:
    made = account.new(
        "customer", balance=0, delinquent=False, tax_exempt="none", metadata={}, preferred_locales=[],
        invoice_prefix="", next_invoice_sequence=1, invoice_settings=dict(INVOICING),
    )  # fmt: skip
    made["invoice_prefix"] = made["id"][-8:].upper()
    return account.save(made)


@operation("POST /v1/customers/{customer}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("customer", id)
    copy = {**before, "invoice_settings": dict(before["invoice_settings"])}
    after = settings(account, assign(copy, params, FIELDS), params)
    emit(account, "customer.updated", account.save(after), changed(before, after))
    return _balance(account, after, params)


def _balance(account: Account, customer: Object, params: Params) -> Object:
    """Set outright; the difference is an adjustment."""
    difference = params.get("balance", customer["balance"]) - customer["balance"]
    if not difference:
        return customer
    change(account, customer["id"], difference, customer["currency"] or "usd", "adjustment")
    return account.get("customer", customer["id"])


def settings(account: Account, customer: Object, params: Params, attached: Object | None = None) -> Object:
    """The default card must be one of the customer's own; pm_card_visa, given twice, is the one card `attached`."""
    if customer["email"] and "@" not in customer["email"]:
        raise invalid(f"Invalid email address: {customer['email']}", "email", "email_invalid")
    if not re.fullmatch("[A-Z0-9]{3,12}", customer["invoice_prefix"]):
        raise invalid("The prefix of an invoice's number has 3 to 12 uppercase letters or numbers.", "invoice_prefix")
    if "address" in params:
        customer["address"] = address(params.plain("address"))
    if "shipping" in params:
        given = params.plain("shipping")
        customer["shipping"] = given and {"phone": None, **given, "address": address(given["address"])}
    if given := params.get("invoice_settings"):
        if id := given.get("default_payment_method"):
            same = attached if id == params.get("payment_method") else None
            method = same or resolve(account, id, "invoice_settings[default_payment_method]")
            if method["customer"] != customer["id"]:
                raise not_attached(id, "invoice_settings[default_payment_method]")
            given["default_payment_method"] = method["id"]
        customer["invoice_settings"] |= params.plain("invoice_settings")
    return customer


def address(given: Object | None) -> Object | None:
    return part("customer", "address") | given if given else None


@operation("DELETE /v1/customers/{customer}")
def delete(account: Account, params: Params, id: str) -> Object:
    customer = account.get("customer", id)
    for subscription in account.find("subscription", customer=id):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            ended = {"status": "canceled", "canceled_at": account.now(), "ended_at": account.now()}
            emit(account, "customer.subscription.deleted", account.save(subscription | ended))
    for invoice in account.find("invoice", customer=id):
        if invoice["status"] in ("draft", "open"):
            still = {"auto_advance": False, "automatically_finalizes_at": None, "next_payment_attempt": None}
            account.save(invoice | still)
    emit(account, "customer.deleted", customer)
    return account.bury(customer)


@operation("DELETE /v1/customers/{customer}/discount")
def delete_discount(account: Account, params: Params, id: str) -> Object:
    """Discounts belong to subscriptions and invoices: a customer has none."""
    account.get("customer", id)
    raise StripeError(404, f"No active discount for customer: {id}", code="resource_missing")
