"""Tax ids, by their customer or by themselves."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import listed, operation
from ondemand.standins.stripe.errors import invalid, no_such, not_done
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

KIND = "tax_id"


def add_tax_id(account: Account, customer: Object, type: str, value: str) -> Object:
    if any(t["type"] == type and t["value"] == value for t in account.find("tax_id", customer=customer["id"])):
        raise invalid("The tax ID already exists on this customer.", "value", "tax_id_already_exists")
    if type == "eu_vat" and not (value[:2].isalpha() and 8 <= len(value) <= 15):
        raise invalid("Invalid value for eu_vat.", "value", "tax_id_invalid")
    waits = {"status": "pending", "verified_address": None, "verified_name": None}
    made = account.new(
        "tax_id", type=type, value=value, customer=customer["id"], verification=waits,
        country=value[:2] if type == "eu_vat" else type[:2].upper(),
        owner={"type": "customer", "customer": customer["id"]},
    )  # fmt: skip
    emit(account, "customer.tax_id.created", made)
    return made


def tax_ids_of(account: Account, customer: str) -> list[Object]:
    found = account.find("tax_id", newest_first=False, customer=customer)
    return [{"type": each["type"], "value": each["value"]} for each in found]


@operation("POST /v1/customers/{customer}/tax_ids")
def create_tax_id(account: Account, params: Params, customer: str) -> Object:
    return add_tax_id(account, account.get("customer", customer), params["type"], params["value"])


@operation("GET /v1/customers/{customer}/tax_ids")
def list_tax_ids(account: Account, params: Params, customer: str) -> Object:
    account.get("customer", customer)
    return listed(account, "tax_id", f"/v1/customers/{customer}/tax_ids", params, {"customer": customer})


@operation("GET /v1/customers/{customer}/tax_ids/{id}")
def get_tax_id(account: Account, params: Params, customer: str, id: str) -> Object:
    found = account.get("tax_id", id)
    if found["customer"] != customer:
        raise no_such("tax_id", id)
    return found


@operation("DELETE /v1/customers/{customer}/tax_ids/{id}")
def delete_tax_id(account: Account, params: Params, customer: str, id: str) -> Object:
    found = get_tax_id(account, params, customer, id)
    emit(account, "customer.tax_id.deleted", found)
    return account.delete(found)


@operation("POST /v1/tax_ids")
def create_one(account: Account, params: Params) -> Object:
    owner = params.get("owner") or Params({"type": "self"})
    if owner["type"] != "customer":
        raise not_done("tax ids of others than customers")
    customer = account.get("customer", owner.need("customer"), "owner[customer]")
    return add_tax_id(account, customer, params["type"], params["value"])


@operation("GET /v1/tax_ids")
def many(account: Account, params: Params) -> Object:
    owner = params.get("owner") or Params({"type": "self"})
    wanted = owner.get("customer") if owner["type"] == "customer" else ""
    return listed(account, KIND, "/v1/tax_ids", params, {"customer": wanted})


@operation("GET /v1/tax_ids/{id}")
def retrieve(account: Account, params: Params, id: str) -> Object:
    return account.get(KIND, id)


@operation("DELETE /v1/tax_ids/{id}")
def delete_one(account: Account, params: Params, id: str) -> Object:
    return delete_tax_id(account, params, account.get(KIND, id)["customer"], id)
