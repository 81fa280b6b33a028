"""Charges: one for every try of a card."""

from __future__ import annotations

from ondemand.standins.stripe import balance
from ondemand.standins.stripe.account import INCLUDED, Account
from ondemand.standins.stripe.cards import WORDS, code_of
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import card_of
from ondemand.standins.stripe.shapes import Object, part

ABSENT_CARD = (
    "capture_before description iin issuer incremental_authorization extended_authorization multicapture overcapture "
    "moto"
).split()
FIELDS = "metadata description receipt_email shipping"

resource("charge", "/v1/charges", "customer payment_intent transfer_group")
INCLUDED["charge", "refunds"] = lambda account, charge: {
    "object": "list",
    "data": account.find("refund", charge=charge["id"]),
    "has_more": False,
    "url": f"/v1/charges/{charge['id']}/refunds",
}


def new_charge(account: Account, intent: Object, method: Object, code: str) -> Object:
    """The attempt; with a decline code it failed."""
    failed, held = bool(code), intent["capture_method"] == "manual"
    made = account.new(
        "charge", amount=intent["amount"], amount_captured=0 if failed or held else intent["amount"],
        captured=not failed and not held,
        currency=intent["currency"], customer=intent["customer"], payment_intent=intent["id"], paid=not failed,
        payment_method=method["id"], billing_details=method["billing_details"], outcome=_outcome(method, code),
        metadata=dict(intent["metadata"]), description=intent["description"], receipt_email=intent["receipt_email"],
        payment_method_details={"card": _card(method), "type": "card"}, status="failed" if failed else "succeeded",
        failure_code=code_of(code) if failed else None, failure_message=WORDS[code] if failed else None,
        calculated_statement_descriptor="STAND-IN", transfer_group=intent["transfer_group"],
    )  # fmt: skip
    if not failed and not held:
        settle(account, made, method)
    return account.save(made)


def settle(account: Account, charge: Object, method: Object) -> None:
    fee = balance.fee_of(charge["amount_captured"], charge["currency"])
    txn = balance.record(
        account, "charge", charge["amount_captured"], charge["currency"], charge["id"], fee=fee,
        pending=not card_of(method).at_once, description=charge["description"],
    )  # fmt: skip
    charge["balance_transaction"] = txn["id"]
    charge["receipt_url"] = f"{account.store.base}/receipts/{charge['id']}"


def _card(method: Object) -> Object:
    card = method["card"]
    shown = {
        n: card.get(n, v) for n, v in part("charge", "payment_method_details.card").items() if n not in ABSENT_CARD
    }
    secure = None
    if card_of(method).secure and method["_authenticated"]:
        secure = part("charge", "payment_method_details.card.three_d_secure") | {
            "authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0",
        }  # fmt: skip
    return shown | {"network": card["brand"], "three_d_secure": secure}


def _outcome(method: Object, code: str) -> Object:
    card = card_of(method)
    blocked = code == "fraudulent"
    kind = "blocked" if blocked else "issuer_declined" if code else "manual_review" if card.risk != "normal" else ""
    return {
        "advice_code": None, "network_advice_code": None, "network_decline_code": None,
        "network_status": "not_sent_to_network" if blocked else "declined_by_network" if code
        else "approved_by_network",
        "reason": "highest_risk_level" if blocked else code or ("elevated_risk_level" if kind else None),
        "risk_level": card.risk, "risk_score": {"normal": 20, "elevated": 70, "highest": 95}[card.risk],
        "seller_message": WORDS[code] if code else "Payment complete.", "type": kind or "authorized",
    }  # fmt: skip


@operation("POST /v1/charges/{charge}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("charge", id)
    after = assign(dict(before), params, FIELDS)
    emit(account, "charge.updated", account.save(after), changed(before, after))
    return after
