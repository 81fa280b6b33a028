"""Top-ups from the platform's bank, payouts to it and to the banks of connected accounts."""

from __future__ import annotations

from ondemand.standins.stripe import balance
from ondemand.standins.stripe.account import DUE, Account
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

DAY = 86400

resource("payout", "/v1/payouts", "status destination")
resource("topup", "/v1/topups", "status")
DUE["payout"] = lambda payout: payout["arrival_date"] if payout["status"] in ("pending", "in_transit") else None


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
            made = account.save(_new_payout(account, amount, currency, automatic=True))
            _note_contents(account, made)
            emit(account, "payout.created", made)


def _note_contents(account: Account, payout: Object) -> None:
    """An automatic payout can be asked what it is made of."""
    for txn in account.find("balance_transaction", currency=payout["currency"], status="available"):
        if not txn.get("_payout"):
            account.save(txn | {"_payout": payout["id"]})


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


@operation("POST /v1/payouts/{payout}/reverse")
def reverse_payout(account: Account, params: Params, id: str) -> Object:
    """A paid payout comes back as another one, with a negative amount."""
    payout = account.get("payout", id)
    if payout["status"] != "paid" or payout["original_payout"] or payout["reversed_by"]:
        raise invalid(f"Payouts with status {payout['status']} cannot be reversed.")
    made = _new_payout(account, -payout["amount"], payout["currency"], automatic=False)
    made |= {"original_payout": id, "metadata": params.plain("metadata") or {}}
    account.save(payout | {"reversed_by": made["id"]})
    emit(account, "payout.created", account.save(made))
    return made


@operation("POST /v1/topups/{topup}")
def update_topup(account: Account, params: Params, id: str) -> Object:
    return account.save(assign(account.get("topup", id), params, "description metadata"))


@operation("POST /v1/topups/{topup}/cancel")
def cancel_topup(account: Account, params: Params, id: str) -> Object:
    topup = account.get("topup", id)
    raise invalid(f"Top-ups with status {topup['status']} cannot be canceled.")
