"""Payment intents: created, confirmed, authenticated by 3-D Secure, cancelled."""

from __future__ import annotations

from collections.abc import Callable

from ondemand.standins.stripe.account import Account, random_text
from ondemand.standins.stripe.cards import decline
from ondemand.standins.stripe.charges import new_charge
from ondemand.standins.stripe.core import assign, operation, resource
from ondemand.standins.stripe.disputes import follow
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import attach, card_of, resolve
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.words import money

FIELDS = "metadata description receipt_email statement_descriptor statement_descriptor_suffix transfer_group"
LARGEST = 99_999_999
MINIMA = {"gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "jpy": 50}  # in minor units; of the others 50

SUCCEEDED: list[Callable[[Account, Object], None]] = []  # what follows when one has succeeded

resource("payment_intent", "/v1/payment_intents", "customer")


def new_intent(account: Account, amount: int, currency: str, customer: str | None) -> Object:
    made = account.new(
        "payment_intent", amount=amount, currency=currency, customer=customer, metadata={},
        status="requires_payment_method", capture_method="automatic_async", amount_capturable=0, amount_received=0,
        confirmation_method="automatic", payment_method_types=["card"],
        payment_method_options={"card": {"installments": None, "mandate_options": None, "network": None,
                                         "request_three_d_secure": "automatic"}},
    )  # fmt: skip
    made["client_secret"] = random_text(24, f"{made['id']}_secret_")
    emit(account, "payment_intent.created", account.save(made))
    return made


def confirm(account: Account, intent: Object, method: Object, *, off_session: bool = False) -> Object:
    """Try the card. A decline is recorded, then raised; 3-D Secure leaves the intent in requires_action."""
    card, authenticated = card_of(method), account.authenticated
    intent["payment_method"] = method["id"]
    known = card.secure == "on_session" or card.secure == "once" and method["_authenticated"]
    if card.secure and not authenticated and not (known and off_session):
        return _ask(account, intent)
    if card.secure and authenticated:
        account.save(method | {"_authenticated": True})
    charge = new_charge(account, intent, method | {"_authenticated": authenticated}, card.declined)
    intent["latest_charge"] = charge["id"]
    if card.declined:
        raise _declined(account, intent, charge, method)
    emit(account, "charge.succeeded", charge)
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"], "next_action": None}
        emit(account, "payment_intent.amount_capturable_updated", account.save(intent))
        return intent
    return succeed(account, intent, charge, method)


def _ask(account: Account, intent: Object) -> Object:
    url = intent.get("_return_url")
    to = {"return_url": url, "url": f"{account.store.base}/3ds/{intent['id']}"}
    action = {"type": "redirect_to_url", "redirect_to_url": to} if url else {
        "type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": to["url"]},
    }  # fmt: skip
    intent |= {"status": "requires_action", "next_action": action, "last_payment_error": None}
    emit(account, "payment_intent.requires_action", account.save(intent))
    return intent


def _declined(account: Account, intent: Object, charge: Object, method: Object) -> StripeError:
    error = decline(card_of(method).declined, charge=charge["id"], payment_method=account.render(method))
    intent |= {
        "status": "requires_payment_method", "payment_method": None, "next_action": None,
        "last_payment_error": dict(error.body["error"]),
    }  # fmt: skip
    emit(account, "payment_intent.payment_failed", account.save(intent))
    emit(account, "charge.failed", charge)
    error.body["error"]["payment_intent"] = account.render(intent)
    return error


def succeed(account: Account, intent: Object, charge: Object, method: Object) -> Object:
    done = {"status": "succeeded", "amount_received": charge["amount_captured"], "last_payment_error": None}
    intent |= done | {"next_action": None}
    emit(account, "payment_intent.succeeded", account.save(intent))
    for then in SUCCEEDED:
        then(account, intent)
    follow(account, charge, card_of(method))
    return intent


def fail_authentication(account: Account, intent: Object) -> Object:
    message = (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    )
    error = {
        "type": "invalid_request_error",
        "code": "payment_intent_authentication_failure",
        "message": message,
    }
    intent |= {
        "status": "requires_payment_method", "payment_method": None, "next_action": None, "last_payment_error": error,
    }  # fmt: skip
    emit(account, "payment_intent.payment_failed", account.save(intent))
    return intent


@operation("POST /v1/payment_intents")
def create(account: Account, params: Params) -> Object:
    if params["amount"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    currency = params["currency"].lower()
    if params["amount"] < (least := MINIMA.get(currency, 50)):
        raise invalid(f"Amount must be at least {money(least, currency)} {currency}", "amount", "amount_too_small")
    if params["amount"] > LARGEST:
        raise invalid("Amount must be no more than 999,999.99", "amount", "amount_too_large")
    if "customer" in params:
        account.get("customer", params["customer"], "customer")
    made = new_intent(account, params["amount"], currency, params.get("customer"))
    if "payment_method_types" not in params:
        made["automatic_payment_methods"] = {"enabled": True}
    for name in ("automatic_payment_methods", "payment_method_types", "setup_future_usage", "capture_method"):
        if name in params:
            made[name] = params.plain(name)
    if made["automatic_payment_methods"]:
        made["automatic_payment_methods"].setdefault("allow_redirects", "always")
    assign(made, params, FIELDS)
    if "payment_method" in params:
        method = resolve(account, params["payment_method"], "payment_method")
        made |= {"payment_method": method["id"], "status": "requires_confirmation"}
    account.save(made)
    if params.get("confirm"):
        return confirm_with(account, made, params)
    if params.get("off_session") is not None or params.get("return_url"):
        raise invalid("You can only use `off_session` and `return_url` with `confirm=true`.", "off_session")
    return made


@operation("POST /v1/payment_intents/{intent}")
def update(account: Account, params: Params, id: str) -> Object:
    after = account.get("payment_intent", id)
    if after["status"] in ("succeeded", "canceled") and set(params) - {"metadata", "description", "expand"}:
        raise unexpected(after, "update")
    assign(after, params, FIELDS + " amount")
    if "payment_method" in params:
        method = resolve(account, params["payment_method"], "payment_method")
        after |= {"payment_method": method["id"], "status": "requires_confirmation"}
    return account.save(after)


@operation("POST /v1/payment_intents/{intent}/confirm")
def confirm_operation(account: Account, params: Params, id: str) -> Object:
    intent = account.get("payment_intent", id)
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected(intent, "confirm")
    return confirm_with(account, intent, params)


def confirm_with(account: Account, intent: Object, params: Params) -> Object:
    chosen = params.get("payment_method") or intent["payment_method"]
    if not chosen:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    intent["_return_url"] = params.get("return_url")
    off_session = bool(params.get("off_session"))
    method = resolve(account, chosen, "payment_method")
    _check_owner(intent, method)
    done = confirm(account, intent, method, off_session=off_session)
    refused = off_session or params.get("error_on_requires_action")
    if refused and done["status"] == "requires_action":
        fail_authentication(account, done)
        raise decline("authentication_required", payment_intent=account.render(done))
    if done["status"] == "succeeded" and intent["setup_future_usage"] and intent["customer"]:
        attach(account, method, account.get("customer", intent["customer"]))
    return done


def _check_owner(intent: Object, method: Object) -> None:
    owner = method["customer"]
    if owner and not intent["customer"]:
        raise invalid(
            f"The PaymentMethod supplied ({method['id']}) belongs to the Customer {owner}. Please include the Customer "
            "in the `customer` parameter on the PaymentIntent.", "payment_method",
        )  # fmt: skip
    if owner and owner != intent["customer"]:
        raise invalid("The PaymentMethod belongs to another customer than the PaymentIntent.", "payment_method")


@operation("POST /v1/payment_intents/{intent}/cancel")
def cancel(account: Account, params: Params, id: str) -> Object:
    intent = account.get("payment_intent", id)
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected(intent, "cancel")
    return cancel_intent(account, intent, params.get("cancellation_reason"))


def cancel_intent(account: Account, intent: Object, reason: str | None) -> Object:
    if intent["status"] == "requires_capture":
        release(account, account.get("charge", intent["latest_charge"]))
    intent |= {
        "status": "canceled", "canceled_at": account.now(), "cancellation_reason": reason, "next_action": None,
        "amount_capturable": 0,
    }  # fmt: skip
    emit(account, "payment_intent.canceled", account.save(intent))
    return intent


def release(account: Account, charge: Object) -> None:
    """What was authorised and never captured counts as refunded."""
    charge |= {"amount_refunded": charge["amount"], "refunded": True}
    emit(account, "charge.refunded", account.save(charge))


def unexpected(intent: Object, verb: str) -> StripeError:
    return invalid(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
    )
