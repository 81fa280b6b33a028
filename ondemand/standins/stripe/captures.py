"""Authorised now, captured later: payment intents with capture_method=manual, and charges made the old way."""

from __future__ import annotations

from ondemand.standins.stripe import payment_intents
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.charges import settle
from ondemand.standins.stripe.core import assign, operation
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import by_name
from ondemand.standins.stripe.shapes import Object

FIELDS = "metadata statement_descriptor statement_descriptor_suffix"


@operation("POST /v1/payment_intents/{intent}/capture")
def capture(account: Account, params: Params, id: str) -> Object:
    intent = account.get("payment_intent", id)
    if intent["status"] != "requires_capture":
        raise invalid(
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
            code="payment_intent_unexpected_state",
        )  # fmt: skip
    return _captured(account, assign(intent, params, FIELDS), params.get("amount_to_capture"))


def _captured(account: Account, intent: Object, wanted: int | None) -> Object:
    amount = intent["amount_capturable"] if wanted is None else wanted
    if not 1 <= amount <= intent["amount_capturable"]:
        raise invalid(
            f"The amount_to_capture ({amount}) is greater than what was authorised ({intent['amount_capturable']}).",
            "amount_to_capture", "amount_too_large",
        )  # fmt: skip
    charge = account.get("charge", intent["latest_charge"])
    method = account.get("payment_method", intent["payment_method"])
    charge |= {"captured": True, "amount_captured": amount, "amount_refunded": charge["amount"] - amount}
    settle(account, charge, method)
    emit(account, "charge.captured", account.save(charge))
    return payment_intents.succeed(account, intent | {"amount_capturable": 0}, charge, method)


@operation("POST /v1/charges")
def create_charge(account: Account, params: Params) -> Object:
    """As it was before payment intents: a token, or the customer's default card."""
    source, customer = params.get("source"), params.get("customer")
    owner = account.get("customer", customer, "customer") if customer else None
    known: str = owner["invoice_settings"]["default_payment_method"] or "" if owner else ""
    if not source and not known:
        raise invalid("Must provide source or customer.", "source", "parameter_missing")
    method = by_name(account, source) if source else account.get("payment_method", known)
    given = {name: params[name] for name in ("amount", "currency", "customer", "description", "metadata",
                                             "receipt_email", "transfer_group") if name in params}  # fmt: skip
    capture = params.get("capture", True)
    intent = payment_intents.create(account, Params(given | {
        "payment_method": method["id"], "confirm": True, "capture_method": "automatic" if capture else "manual",
    }))  # fmt: skip
    return account.get("charge", intent["latest_charge"])


@operation("POST /v1/charges/{charge}/capture")
def capture_charge(account: Account, params: Params, id: str) -> Object:
    charge = account.get("charge", id)
    if charge["captured"]:
        raise invalid(f"Charge {id} has already been captured.", code="charge_already_captured")
    intent = account.get("payment_intent", charge["payment_intent"])
    _captured(account, intent, params.get("amount"))
    return account.save(assign(account.get("charge", id), params, "receipt_email transfer_group"))
