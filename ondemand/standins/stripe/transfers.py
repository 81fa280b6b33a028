"""Transfers to connected accounts, and their reversals."""

from __future__ import annotations

from ondemand.standins.stripe import balance
from ondemand.standins.stripe.account import Account, random_text
from ondemand.standins.stripe.core import assign, changed, listed, operation, resource
from ondemand.standins.stripe.errors import StripeError, invalid, no_such
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

DAY = 86400

resource("transfer", "/v1/transfers", "destination transfer_group")


@operation("POST /v1/transfers")
def create(account: Account, params: Params) -> Object:
    amount, currency = params.need("amount"), params["currency"].lower()
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    connected = _destination(account, params["destination"])
    if source := params.get("source_transaction"):
        _check_source(account, source, amount, currency)
    else:
        balance.need_available(account, amount, currency)
    made = account.new(
        "transfer", amount=amount, currency=currency, destination=connected["id"], metadata={}, reversed=False,
        amount_reversed=0, source_transaction=source, source_type=params.get("source_type", "card"),
    )  # fmt: skip
    assign(made, params, "description metadata transfer_group")
    made["reversals"]["url"] = f"/v1/transfers/{made['id']}/reversals"
    made["balance_transaction"] = balance.record(account, "transfer", -amount, currency, made["id"],
                                                 description=made["description"])["id"]  # fmt: skip
    made["destination_payment"] = _arrive(account, made)
    emit(account, "transfer.created", account.save(made))
    return made


def _destination(account: Account, id: str) -> Object:
    connected = account.find_id(["account"], id)
    if connected is None:
        raise invalid(f"No such destination: '{id}'", "destination", "resource_missing")
    if connected["capabilities"].get("transfers") != "active":
        raise invalid(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments", code="insufficient_capabilities_for_transfer",
        )  # fmt: skip
    return connected


def _check_source(account: Account, id: str, amount: int, currency: str) -> None:
    charge = account.get("charge", id, "source_transaction")
    sent = sum(each["amount"] - each["amount_reversed"] for each in account.find("transfer", source_transaction=id))
    if charge["currency"] != currency:
        raise invalid(
            "The currency of source_transaction's balance transaction differs from the transfer's.", "currency"
        )
    if amount + sent > charge["amount"] - charge["amount_refunded"]:
        raise StripeError(
            400, "The transfers on this charge would exceed its amount.", param="amount", code="balance_insufficient"
        )


def _arrive(account: Account, transfer: Object) -> str:
    """What the connected account sees: a payment of its own."""
    there = account.inside(transfer["destination"])
    amount, currency = transfer["amount"], transfer["currency"]
    payment = there.new(
        "charge", id=random_text(24, "py_"), amount=amount, amount_captured=amount, captured=True, paid=True,
        currency=currency, status="succeeded", metadata={}, source_transfer=transfer["id"], payment_method_details=None,
    )  # fmt: skip
    payment["balance_transaction"] = balance.record(there, "payment", amount, currency, payment["id"])["id"]
    there.save(payment)
    there.note("_payout_run", {}, due=(there.now() // DAY + 1) * DAY)
    return str(payment["id"])


@operation("POST /v1/transfers/{transfer}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("transfer", id)
    after = assign(dict(before), params, "description metadata")
    emit(account, "transfer.updated", account.save(after), changed(before, after))
    return after


# Reversals


@operation("POST /v1/transfers/{id}/reversals")
def reverse(account: Account, params: Params, id: str) -> Object:
    transfer = account.get("transfer", id)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = params.get("amount", left)
    if not 1 <= amount <= left:
        raise invalid(f"The amount ({amount}) is greater than what is left of the transfer ({left}).", "amount")
    there = account.inside(transfer["destination"])
    if balance.totals(there, "available").get(transfer["currency"], 0) < amount:
        raise StripeError(400, "The connected account has insufficient funds.", code="balance_insufficient")
    made = account.new("transfer_reversal", amount=amount, currency=transfer["currency"], transfer=id, metadata={})
    made["balance_transaction"] = balance.record(account, "transfer_refund", amount, made["currency"], made["id"])["id"]
    balance.record(there, "payment_refund", -amount, made["currency"], made["id"])
    params.get("description")  # which a reversal does not show
    account.save(assign(made, params, "metadata"))
    done = transfer["amount_reversed"] + amount
    transfer |= {"amount_reversed": done, "reversed": done == transfer["amount"]}
    transfer["reversals"]["data"].insert(0, account.render(made))
    emit(account, "transfer.reversed", account.save(transfer))
    return made


@operation("GET /v1/transfers/{id}/reversals")
def reversals(account: Account, params: Params, id: str) -> Object:
    account.get("transfer", id)
    return listed(account, "transfer_reversal", f"/v1/transfers/{id}/reversals", params, {"transfer": id})


@operation("GET /v1/transfers/{transfer}/reversals/{id}")
def reversal(account: Account, params: Params, transfer: str, id: str) -> Object:
    found = account.get("transfer_reversal", id)
    if found["transfer"] != transfer:
        raise no_such("transfer reversal", id)
    return found


@operation("POST /v1/transfers/{transfer}/reversals/{id}")
def update_reversal(account: Account, params: Params, transfer: str, id: str) -> Object:
    return account.save(assign(reversal(account, params, transfer, id), params, "metadata"))
