"""Setup intents: a card is kept for later."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account, random_text
from ondemand.standins.stripe.cards import decline
from ondemand.standins.stripe.core import assign, operation, resource
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import attach, card_of, resolve
from ondemand.standins.stripe.shapes import Object

KIND = "setup_intent"
FIELDS = "metadata description customer usage"

resource(KIND, "/v1/setup_intents", "customer payment_method")


@operation("POST /v1/setup_intents")
def create(account: Account, params: Params) -> Object:
    if "customer" in params:
        account.get("customer", params["customer"], "customer")
    made = account.new(
        KIND, status="requires_payment_method", usage="off_session", metadata={}, payment_method_types=["card"],
        automatic_payment_methods=params.plain("automatic_payment_methods"),
    )  # fmt: skip
    made["client_secret"] = random_text(24, f"{made['id']}_secret_")
    if set(params.get("payment_method_types") or ["card"]) != {"card"}:
        raise invalid("The stand-in has cards only.", "payment_method_types")
    assign(made, params, FIELDS)
    if "payment_method" in params:
        method = resolve(account, params["payment_method"], "payment_method")
        made |= {"payment_method": method["id"], "status": "requires_confirmation"}
    emit(account, "setup_intent.created", account.save(made))
    return confirm(account, made, params.get("return_url")) if params.get("confirm") else made


@operation("POST /v1/setup_intents/{intent}")
def update(account: Account, params: Params, id: str) -> Object:
    intent = assign(account.get(KIND, id), params, FIELDS.replace(" usage", ""))
    if "payment_method" in params:
        method = resolve(account, params["payment_method"], "payment_method")
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    return account.save(intent)


@operation("POST /v1/setup_intents/{intent}/confirm")
def confirm_operation(account: Account, params: Params, id: str) -> Object:
    intent = account.get(KIND, id)
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected(intent, "confirm")
    if "payment_method" in params:
        intent["payment_method"] = resolve(account, params["payment_method"], "payment_method")["id"]
    return confirm(account, intent, params.get("return_url"))


def confirm(account: Account, intent: Object, return_url: str | None) -> Object:
    if not intent["payment_method"]:
        raise invalid("You cannot confirm this SetupIntent because it's missing a payment method.",
                      code="setup_intent_unexpected_state")  # fmt: skip
    method = account.get("payment_method", intent["payment_method"])
    if card_of(method).secure and not account.authenticated:
        url = f"{account.store.base}/3ds/{intent['id']}"
        action = {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
        intent |= {"status": "requires_action", "next_action": action, "_return_url": return_url}
        emit(account, "setup_intent.requires_action", account.save(intent))
        return intent
    card = card_of(method)
    if card.declined and not card.attaches:
        raise _declined(account, intent, method, card.declined)
    if intent["customer"]:
        attach(account, method, account.get("customer", intent["customer"]))
    account.save(account.get("payment_method", method["id"]) | {"_authenticated": account.authenticated})
    intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    emit(account, "setup_intent.succeeded", account.save(intent))
    return intent


def _declined(account: Account, intent: Object, method: Object, code: str) -> StripeError:
    error = decline(code, payment_method=account.render(method))
    intent |= {
        "status": "requires_payment_method", "payment_method": None, "next_action": None,
        "last_setup_error": dict(error.body["error"]),
    }  # fmt: skip
    emit(account, "setup_intent.setup_failed", account.save(intent))
    error.body["error"]["setup_intent"] = account.render(intent)
    return error


@operation("POST /v1/setup_intents/{intent}/cancel")
def cancel(account: Account, params: Params, id: str) -> Object:
    intent = account.get(KIND, id)
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected(intent, "cancel")
    intent |= {"status": "canceled", "cancellation_reason": params.get("cancellation_reason"), "next_action": None}
    emit(account, "setup_intent.canceled", account.save(intent))
    return intent


def unexpected(intent: Object, verb: str) -> StripeError:
    return invalid(
        f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
        code="setup_intent_unexpected_state",
    )
