"""A customer's balance: what is owed below the smallest charge, and what is credited."""

from __future__ import annotations

from typing import Any

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import assign, changed, listed, operation
from ondemand.standins.stripe.errors import invalid, no_such
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

KIND = "customer_balance_transaction"


def change(account: Account, customer: str, amount: int, currency: str, type: str, **links: Any) -> Object:
    """A negative amount is a credit to the customer."""
    owner = account.get("customer", customer)
    ending = owner["balance"] + amount
    after = account.save(owner | {"balance": ending, "currency": owner["currency"] or currency})
    emit(account, "customer.updated", after, changed(owner, after))
    return account.new(
        KIND, amount=amount, currency=currency, customer=customer, ending_balance=ending, type=type, metadata={},
        **links,
    )  # fmt: skip


@operation("POST /v1/customers/{customer}/balance_transactions")
def create(account: Account, params: Params, customer: str) -> Object:
    currency = params["currency"].lower()
    if account.get("customer", customer)["currency"] not in (None, currency):
        raise invalid("The currency differs from the customer's.", "currency")
    made = change(account, customer, params["amount"], currency, "adjustment")
    return account.save(assign(made, params, "description metadata"))


@operation("POST /v1/customers/{customer}/balance_transactions/{transaction}")
def update(account: Account, params: Params, customer: str, id: str) -> Object:
    return account.save(assign(retrieve(account, params, customer, id), params, "description metadata"))


@operation("GET /v1/customers/{customer}/balance_transactions")
def many(account: Account, params: Params, customer: str) -> Object:
    account.get("customer", customer)
    url = f"/v1/customers/{customer}/balance_transactions"
    return listed(account, KIND, url, params, {"customer": customer})


@operation("GET /v1/customers/{customer}/balance_transactions/{transaction}")
def retrieve(account: Account, params: Params, customer: str, id: str) -> Object:
    found = account.get(KIND, id)
    if found["customer"] != customer:
        raise no_such("customer balance transaction", id)
    return found
