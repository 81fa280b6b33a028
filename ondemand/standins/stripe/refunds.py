"""Refunds."""

from __future__ import annotations

from ondemand.standins.stripe import balance
from ondemand.standins.stripe.account import DUE, Account
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.disputes import is_charged_back
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import card_of
from ondemand.standins.stripe.shapes import Object

SETTLED_AFTER = 5  # seconds, for the cards whose refunds fail or wait

resource("refund", "/v1/refunds", "charge payment_intent")
DUE["refund"] = lambda refund: refund.get("_settles_at")


@operation("POST /v1/refunds")
def create(account: Account, params: Params) -> Object:
    charge = _charge(account, params)
    return refund(account, charge, params.get("amount"), params.get("reason"), params.get("metadata"))


def _charge(account: Account, params: Params) -> Object:
    if "charge" in params:
        return account.get("charge", params["charge"], "charge")
    if "payment_intent" not in params:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    intent = account.get("payment_intent", params["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        raise invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            "payment_intent",
        )
    return account.get("charge", intent["latest_charge"], "payment_intent")


def refund(
    account: Account,
    charge: Object,
    amount: int | None,
    reason: str | None = None,
    metadata: Object | None = None,
) -> Object:
    left = (charge["amount"] if charge["captured"] else 0) - charge["amount_refunded"]
    amount = left if amount is None else amount
    _check(account, charge, left, amount)
    made = account.new(
        "refund", amount=amount, charge=charge["id"], currency=charge["currency"], status="succeeded", reason=reason,
        payment_intent=charge["payment_intent"], metadata={},
        destination_details={"card": {"reference_status": "pending", "reference_type": "acquirer_reference_number",
                                      "type": "refund"}, "type": "card"},
    )  # fmt: skip
    assign(made, Params({"metadata": metadata or {}}), "metadata")
    made["balance_transaction"] = balance.record(account, "refund", -amount, charge["currency"], made["id"])["id"]
    charge |= {"amount_refunded": charge["amount_refunded"] + amount, "refunded": amount == left}
    method = account.find_id(["payment_method"], charge["payment_method"] or "")
    if ending := card_of(method).refund if method else "":
        made |= {
            "status": "pending" if ending == "waits" else "succeeded",
            "_settles_at": account.now() + SETTLED_AFTER,
        }
    emit(account, "charge.refunded", account.save(charge))
    emit(account, "refund.created", account.save(made))
    return made


def _check(account: Account, charge: Object, left: int, amount: int) -> None:
    if is_charged_back(account, charge):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left <= 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > left:
        raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", "amount")


def settle(account: Account, refund: Object) -> Object:
    """What a test card brought with it: a refund that waited succeeds, another one fails after all."""
    if refund["status"] == "succeeded":
        return fail(account, refund)
    return _updated(account, refund | {"status": "succeeded", "_settles_at": None}, {"status": "pending"})


def _updated(account: Account, refund: Object, previous: Object) -> Object:
    for type in ("refund.updated", "charge.refund.updated"):
        emit(account, type, account.save(refund), previous)
    return refund


def fail(account: Account, refund: Object) -> Object:
    """The bank sent it back: the money returns to the balance, the charge counts as not refunded."""
    txn = balance.record(account, "refund_failure", refund["amount"], refund["currency"], refund["id"])
    before = dict(refund)
    refund |= {
        "status": "failed", "failure_reason": "unknown", "failure_balance_transaction": txn["id"], "_settles_at": None,
    }  # fmt: skip
    charge = account.get("charge", refund["charge"])
    account.save(charge | {"amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False})
    emit(account, "refund.failed", account.save(refund))
    return _updated(account, refund, changed(before, refund))


@operation("POST /v1/refunds/{refund}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("refund", id)
    after = assign(dict(before), params, "metadata")
    return _updated(account, after, changed(before, after))


@operation("POST /v1/refunds/{refund}/cancel")
def cancel(account: Account, params: Params, id: str) -> Object:
    refund = account.get("refund", id)
    raise StripeError(
        400,
        f"Refund {refund['id']} has a status of {refund['status']} and cannot be canceled.",
        code="refund_not_cancelable",
    )
