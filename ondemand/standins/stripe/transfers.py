"""Transfers to connected accounts, reversals, top-ups, payouts."""

from __future__ import annotations

from ondemand.standins.stripe import balance
from ondemand.standins.stripe.account import DUE, Account, random_text
from ondemand.standins.stripe.core import assign, changed, listed, operation, resource
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

DAY = 86400

resource("transfer", "/v1/transfers", "destination transfer_group")
resource("payout", "/v1/payouts", "status destination")
resource("topup", "/v1/topups", "status")
DUE["payout"] = lambda payout: payout["arrival_date"] if payout["status"] in ("pending", "in_transit") else None


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


def inside(account: Account, destination: str) -> Account:
    """The connected account itself, in the same request and at the same time."""
    there = Account(account.store, f"{account.root}/{destination}")
    there.request, there.frozen = account.request, account.frozen
    return there


def _arrive(account: Account, transfer: Object) -> str:
    """What the connected account sees: a payment of its own."""
    there = inside(account, transfer["destination"])
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
    there = inside(account, transfer["destination"])
    if balance.totals(there, "available").get(transfer["currency"], 0) < amount:
        raise StripeError(400, "The connected account has insufficient funds.", code="balance_insufficient")
    made = account.new("transfer_reversal", amount=amount, currency=transfer["currency"], transfer=id, metadata={})
    made["balance_transaction"] = balance.record(account, "transfer_refund", amount, made["currency"], made["id"])["id"]
    balance.record(there, "payment_refund", -amount, made["currency"], made["id"])
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
        raise StripeError(404, f"No such transfer reversal: '{id}'", param="id", code="resource_missing")
    return found


# Top-ups and payouts


@operation("POST /v1/topups")
def top_up(account: Account, params: Params) -> Object:
    """From a bank account of the platform's own; here at once."""
    made = account.new(
        "topup", amount=params["amount"], currency=params["currency"].lower(), status="succeeded", metadata={},
        expected_availability_date=account.now(), source=None,
    )  # fmt: skip
    if made["amount"] < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    assign(made, params, "description metadata transfer_group statement_descriptor")
    made["balance_transaction"] = balance.record(account, "topup", made["amount"], made["currency"], made["id"])["id"]
    emit(account, "topup.created", account.save(made))
    emit(account, "topup.succeeded", made)
    return made


@operation("POST /v1/payouts")
def pay_out(account: Account, params: Params) -> Object:
    amount, currency = params["amount"], params["currency"].lower()
    balance.need_available(account, amount, currency)
    if params.get("method", "standard") != "standard":
        raise invalid("Instant payouts are not available.", "method")
    made = _new_payout(account, amount, currency, automatic=False)
    assign(made, params, "description metadata statement_descriptor")
    emit(account, "payout.created", account.save(made))
    return made


def run(account: Account, note: Object) -> None:
    """Once a day what a connected account has is paid out to its bank, unless its schedule is manual."""
    connected = Account(account.store, account.root).find_id(["account"], account.connected)
    if not connected or not connected["payouts_enabled"]:
        return
    if connected["settings"]["payouts"]["schedule"]["interval"] == "manual":
        return
    for currency, amount in balance.totals(account, "available").items():
        if amount > 0:
            emit(account, "payout.created", account.save(_new_payout(account, amount, currency, automatic=True)))


def _new_payout(account: Account, amount: int, currency: str, *, automatic: bool) -> Object:
    made = account.new(
        "payout", amount=amount, currency=currency, status="pending", metadata={}, automatic=automatic,
        type="bank_account", arrival_date=(account.now() // DAY + 2) * DAY, method="standard", source_type="card",
        reconciliation_status="completed" if automatic else "not_applicable", destination=_bank(account),
    )  # fmt: skip
    description = "STRIPE PAYOUT" if automatic else None
    txn = balance.record(account, "payout", -amount, currency, made["id"], description=description)
    return made | {"balance_transaction": txn["id"]}


def _bank(account: Account) -> str | None:
    if not account.connected:
        return None
    platform = Account(account.store, account.root)
    banks = platform.get("account", account.connected)["external_accounts"]["data"]
    if not banks:
        raise invalid("Sorry, you don't have any external accounts in that currency (eur).", code="payouts_not_allowed")
    return str(banks[0]["id"])


def arrive(account: Account, payout: Object) -> None:
    emit(account, "payout.paid", account.save(payout | {"status": "paid"}), {"status": payout["status"]})


@operation("POST /v1/payouts/{payout}")
def update_payout(account: Account, params: Params, id: str) -> Object:
    before = account.get("payout", id)
    after = assign(dict(before), params, "metadata")
    emit(account, "payout.updated", account.save(after), changed(before, after))
    return after


@operation("POST /v1/payouts/{payout}/cancel")
def cancel_payout(account: Account, params: Params, id: str) -> Object:
    payout = account.get("payout", id)
    if payout["status"] != "pending":
        raise invalid(f"Payouts with status {payout['status']} cannot be canceled.")
    balance.record(account, "payout_cancel", payout["amount"], payout["currency"], payout["id"])
    emit(account, "payout.canceled", account.save(payout | {"status": "canceled"}))
    return payout | {"status": "canceled"}
