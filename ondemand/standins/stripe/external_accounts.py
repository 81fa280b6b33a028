"""The bank accounts that a connected account is paid out to."""

from __future__ import annotations

from typing import Any

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import assign, operation, page
from ondemand.standins.stripe.errors import invalid, no_such, not_done
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object


def new_bank(account: Account, connected: Object, number: str, holder: str = "", **more: Any) -> Object:
    return account.new(
        "bank_account", save=False, account=connected["id"], account_holder_name=holder or None,
        last4=number[-4:], status="new", bank_name="STAND-IN BANK", metadata={},
        available_payout_methods=["standard"], fingerprint=f"standin{number[-9:]}", requirements=None,
        future_requirements=None, **{"country": connected["country"], "currency": connected["default_currency"],
                                     "default_for_currency": True, "account_holder_type": "company", **more},
    )  # fmt: skip


def bank_of(account: Account, connected: Object, params: Params) -> Object:
    """Of the parameter external_account: a token of a bank account, or its details."""
    given = params["external_account"] if "external_account" in params else params.get("bank_account")
    if given is None:
        raise invalid("Missing required param: external_account.", "external_account", "parameter_missing")
    if isinstance(given, str):
        token = account.find_id(["token"], given)
        if token is None or "_bank" not in token:
            raise invalid(f"No such token: '{given}'", "external_account", "resource_missing")
        return new_bank(account, connected, **token["_bank"])
    if given.get("object", "bank_account") != "bank_account":
        raise not_done("external accounts other than bank accounts")
    return new_bank(account, connected, **details(given))


def details(given: Params) -> Object:
    """As new_bank() takes them."""
    given.get("routing_number")
    return {
        "number": given["account_number"], "holder": given.get("account_holder_name", ""), "country": given["country"],
        "currency": given.get("currency", "usd").lower(),
        "account_holder_type": given.get("account_holder_type", "company"),
    }  # fmt: skip


def _banks(account: Account, id: str) -> tuple[Object, list[Object]]:
    connected = account.get("account", id)
    banks: list[Object] = connected["external_accounts"]["data"]
    return connected, banks


def _find(account: Account, owner: str, id: str) -> tuple[Object, Object]:
    connected, banks = _banks(account, owner)
    for bank in banks:
        if bank["id"] == id:
            return connected, bank
    raise no_such("external account", id)


@operation("POST /v1/accounts/{account}/external_accounts")
def create(account: Account, params: Params, owner: str) -> Object:
    connected, banks = _banks(account, owner)
    made = bank_of(account, connected, params)
    first = not any(bank["currency"] == made["currency"] for bank in banks)
    made["default_for_currency"] = bool(params.get("default_for_currency", first)) or first
    _settle_default(banks, made)
    banks.append(assign(made, params, "metadata"))
    account.save(connected)
    return made


def _settle_default(banks: list[Object], chosen: Object) -> None:
    for bank in banks:
        if chosen["default_for_currency"] and bank["currency"] == chosen["currency"]:
            bank["default_for_currency"] = bank is chosen


@operation("GET /v1/accounts/{account}/external_accounts")
def many(account: Account, params: Params, owner: str) -> Object:
    banks = _banks(account, owner)[1]
    wanted = params.get("object", "bank_account") == "bank_account"
    return page(banks if wanted else [], f"/v1/accounts/{owner}/external_accounts", params)


@operation("GET /v1/accounts/{account}/external_accounts/{id}")
def retrieve(account: Account, params: Params, owner: str, id: str) -> Object:
    return _find(account, owner, id)[1]


@operation("POST /v1/accounts/{account}/external_accounts/{id}")
def update(account: Account, params: Params, owner: str, id: str) -> Object:
    connected, bank = _find(account, owner, id)
    assign(bank, params, "metadata account_holder_name account_holder_type default_for_currency")
    _settle_default(connected["external_accounts"]["data"], bank)
    account.save(connected)
    return bank


@operation("DELETE /v1/accounts/{account}/external_accounts/{id}")
def delete(account: Account, params: Params, owner: str, id: str) -> Object:
    connected, bank = _find(account, owner, id)
    banks = connected["external_accounts"]["data"]
    if bank["default_for_currency"] and len(banks) > 1:
        raise invalid("You cannot delete the default external account for your default currency. Please make another "
                      "external account the default first.")  # fmt: skip
    banks.remove(bank)
    account.save(connected)
    return {"id": id, "object": "bank_account", "deleted": True}
