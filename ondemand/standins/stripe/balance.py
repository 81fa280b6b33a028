"""The balance and its transactions: every movement of money is one row."""

from __future__ import annotations

from typing import Any

from ondemand.standins.stripe.account import DUE, Account
from ondemand.standins.stripe.core import operation, resource
from ondemand.standins.stripe.errors import StripeError
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

DAY = 86400
WAIT = 2  # days until the money of a charge is available
FEES = {"eur": (150, 25), "usd": (290, 30)}  # basis points and a fixed part
CATEGORIES = {"payment": "charge", "adjustment": "dispute", "refund_failure": "refund_failure"}

resource("balance_transaction", "/v1/balance_transactions", "type currency source", {"payout": "_payout"})
DUE["balance_transaction"] = lambda txn: txn["available_on"] if txn["status"] == "pending" else None


def fee_of(amount: int, currency: str) -> int:
    share, fixed = FEES.get(currency, FEES["usd"])
    return min(amount, (amount * share + 5000) // 10000 + fixed)


def record(
    account: Account, type: str, amount: int, currency: str, source: str, *, fee: int = 0, pending: bool = False,
    description: str | None = None,
) -> Object:  # fmt: skip
    now = account.now()
    details = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees",
    }
    return account.new(
        "balance_transaction", type=type, amount=amount, net=amount - fee, fee=fee, currency=currency, source=source,
        fee_details=[details | {"type": "stripe_fee"}] if fee else [], description=description,
        status="pending" if pending else "available", reporting_category=CATEGORIES.get(type, type),
        available_on=(now // DAY + WAIT) * DAY if pending else now, exchange_rate=None, balance_type="payments",
    )  # fmt: skip


def become_available(account: Account, txn: Object) -> None:
    """What is due at the same moment becomes available one by one; the last brings the event."""
    account.save(txn | {"status": "available"})
    more = account.db.execute(
        "SELECT 1 FROM objects WHERE timeline = ? AND due <= ? AND account = ? AND kind = 'balance_transaction'",
        (account.clock or account.root, txn["available_on"], account.key),
    ).fetchone()
    if not more:
        emit(account, "balance.available", retrieve(account, Params({})))


def totals(account: Account, status: str) -> dict[str, int]:
    rows = account.db.execute(
        "SELECT json_extract(body, '$.currency'), sum(json_extract(body, '$.net')) FROM objects WHERE account = ? "
        "AND kind = 'balance_transaction' AND json_extract(body, '$.status') = ? GROUP BY 1 ORDER BY 1",
        (account.key, status),
    )
    return dict(rows.fetchall())


def need_available(account: Account, amount: int, currency: str) -> None:
    if totals(account, "available").get(currency, 0) < amount:
        raise StripeError(
            400,
            "You have insufficient available funds in your Stripe account. One way to add funds to your available "
            "balance is to use the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance",
            code="balance_insufficient",
        )


@operation("GET /v1/balance")
def retrieve(account: Account, params: Params) -> Object:
    available, pending = totals(account, "available"), totals(account, "pending")
    currencies = sorted({*available, *pending}) or ["usd"]

    def shown(sums: dict[str, int]) -> list[dict[str, Any]]:
        return [{"amount": sums.get(c, 0), "currency": c, "source_types": {"card": sums.get(c, 0)}} for c in currencies]

    return {"object": "balance", "livemode": False, "available": shown(available), "pending": shown(pending)}
