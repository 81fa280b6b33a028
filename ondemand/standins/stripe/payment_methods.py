"""Payment methods: cards only."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.cards import BY_NAME, BY_NUMBER, Card, decline
from ondemand.standins.stripe.core import assign, listed, operation, resource
from ondemand.standins.stripe.errors import StripeError, invalid, not_done
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object, part

resource("payment_method", "/v1/payment_methods", "customer type")


def new(account: Account, card: Card, exp_month: int = 12, exp_year: int = 2034) -> Object:
    failed = {f"{name}_check": "fail" for name in card.fails}
    checks = part("payment_method", "card.checks") | {"cvc_check": "pass"} | failed
    shown = {
        "brand": card.brand, "checks": checks, "country": card.country, "display_brand": card.brand,
        "exp_month": exp_month, "exp_year": exp_year, "fingerprint": f"standin{card.number[-9:]}",
        "funding": card.funding, "generated_from": None, "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None}, "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True}, "wallet": None,
    }  # fmt: skip
    address = part("payment_method", "billing_details.address")
    return account.new(
        "payment_method", type="card", card=shown, _number=card.number, metadata={}, _authenticated=False,
        allow_redisplay="unspecified",
        billing_details=part("payment_method", "billing_details") | {"address": address},
    )  # fmt: skip


def card_of(method: Object) -> Card:
    return BY_NUMBER[method["_number"]]


def resolve(account: Account, id: str, param: str) -> Object:
    """A payment method by its id; pm_card_visa and its like make a new one."""
    if id in BY_NAME and id.startswith("pm_"):
        return new(account, BY_NAME[id])
    return account.get("payment_method", id, param)


def attach(account: Account, method: Object, customer: Object) -> Object:
    card = card_of(method)
    if card.declined and not card.attaches:
        raise decline(card.declined)
    if method["customer"] == customer["id"]:
        return method
    if method["customer"]:
        raise invalid("The payment method you provided has already been attached to a customer.")
    if method.get("_detached"):
        raise invalid(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
            "with a connected account without Customer attachment, or was detached from a Customer. It may not be "
            "used again. To use a PaymentMethod multiple times, you must attach it to a Customer first."
        )
    method["customer"] = customer["id"]
    emit(account, "payment_method.attached", account.save(method))
    return method


def not_attached(id: str, param: str) -> StripeError:
    return invalid(
        f"The customer does not have a payment method with the ID {id}. The payment method must be attached to the "
        "customer.", param, "resource_missing",
    )  # fmt: skip


def by_name(account: Account, token: str) -> Object:
    """Of a tok_ name, or of a token that was made."""
    made = account.find_id(["token"], token)
    card = BY_NAME.get(token) or (BY_NUMBER[made["_number"]] if made and "_number" in made else None)
    if card is None:
        raise invalid(f"No such token: '{token}'", "source", "resource_missing")
    return new(account, card)


def find_card(number: str) -> Card:
    card = BY_NUMBER.get(re.sub(r"[ -]", "", number))
    if card is None:
        raise StripeError(
            402, "Your card number is incorrect.", kind="card_error", code="incorrect_number", param="number"
        )
    return card


def check_card(account: Account, given: Params) -> tuple[int, int]:
    """The month and the year until which a card holds, from a form with its number."""
    month, year = int(given.get("exp_month", 12)), int(given.get("exp_year", 2034))
    year += 2000 if 0 <= year < 100 else 0
    if not 1 <= month <= 12:
        raise _invalid_card("expiry_month", "exp_month", "expiration month")
    if year < datetime.fromtimestamp(account.now(), UTC).year:
        raise _invalid_card("expiry_year", "exp_year", "expiration year")
    if not re.fullmatch("[0-9]{3,4}", given.get("cvc", "000")):
        raise _invalid_card("cvc", "cvc", "security code")
    return month, year


def _invalid_card(code: str, param: str, what: str) -> StripeError:
    return StripeError(402, f"Your card's {what} is invalid.", kind="card_error", code=f"invalid_{code}", param=param)


@operation("POST /v1/payment_methods")
def create(account: Account, params: Params) -> Object:
    if params.get("type") != "card":
        raise not_done("payment methods other than cards")
    given = params.need("card")
    given.get("cvc")
    if "token" in given:
        made = _details(by_name(account, given["token"]), params)
        return account.save(assign(made, params, "metadata allow_redisplay"))
    card = find_card(given.get("number", ""))
    made = new(account, card, *check_card(account, given))
    return account.save(assign(_details(made, params), params, "metadata allow_redisplay"))


def _details(method: Object, params: Params) -> Object:
    given = params.plain("billing_details") or {}
    own = method["billing_details"]
    address = own["address"] | (given.get("address") or {})
    method["billing_details"] = own | given | {"address": address}
    return method


@operation("POST /v1/payment_methods/{payment_method}")
def update(account: Account, params: Params, id: str) -> Object:
    method = account.get("payment_method", id)
    if not method["customer"]:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    if card := params.plain("card"):
        method["card"] |= {name: card[name] for name in ("exp_month", "exp_year") if name in card}
        if set(card) - {"exp_month", "exp_year"}:
            raise not_done("this update of a card")
    emit(account, "payment_method.updated", account.save(assign(_details(method, params), params, "metadata "
         "allow_redisplay")))  # fmt: skip
    return method


@operation("POST /v1/payment_methods/{payment_method}/attach")
def attach_operation(account: Account, params: Params, id: str) -> Object:
    customer = account.get("customer", params["customer"], "customer")
    return attach(account, resolve(account, id, "payment_method"), customer)


@operation("POST /v1/payment_methods/{payment_method}/detach")
def detach(account: Account, params: Params, id: str) -> Object:
    method = account.get("payment_method", id)
    if method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    _forget(account, method)
    method |= {"customer": None, "_detached": True}
    emit(account, "payment_method.detached", account.save(method))
    return method


def _forget(account: Account, method: Object) -> None:
    """A detached card is nobody's default any more."""
    customer = account.get("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
        account.save(customer)
    for subscription in account.find("subscription", customer=method["customer"]):
        if subscription["default_payment_method"] == method["id"]:
            account.save(subscription | {"default_payment_method": None})


@operation("GET /v1/customers/{customer}/payment_methods")
def methods(account: Account, params: Params, id: str) -> Object:
    account.get("customer", id)
    match = {"customer": id} | ({"type": params["type"]} if "type" in params else {})
    return listed(account, "payment_method", f"/v1/customers/{id}/payment_methods", params, match)


@operation("GET /v1/customers/{customer}/payment_methods/{payment_method}")
def method_of_customer(account: Account, params: Params, customer: str, id: str) -> Object:
    method = account.get("payment_method", id)
    if method["customer"] != customer:
        raise StripeError(404, f"No such payment_method: '{id}'", param="payment_method", code="resource_missing")
    return method
