"""Disputes: opened by a test card or from outside, answered with evidence, won or lost."""

from __future__ import annotations

from ondemand.standins.stripe import balance
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.cards import Card
from ondemand.standins.stripe.core import changed, merged, operation, resource
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object, part

FEE = 1500
DAY = 86400
CLOSED = ("won", "lost", "warning_closed", "prevented")
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost", "escalate_inquiry_evidence": "escalated"}
NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "product_unacceptable": "13.3",
                 "credit_not_processed": "13.6", "duplicate": "12.6", "subscription_canceled": "13.2"}  # fmt: skip

resource("dispute", "/v1/disputes", "charge payment_intent")


def follow(account: Account, charge: Object, card: Card) -> None:
    """The disputes that a test card brings with its payment."""
    for reason in card.disputes:
        amount = charge["amount"] // len(card.disputes)
        open_dispute(account, account.get("charge", charge["id"]), amount, reason, warning=card.inquiry)


def open_dispute(account: Account, charge: Object, amount: int, reason: str, *, warning: bool = False) -> Object:
    """A warning (an inquiry) withdraws nothing."""
    made = account.new(
        "dispute", charge=charge["id"], payment_intent=charge["payment_intent"], amount=amount, reason=reason,
        currency=charge["currency"], is_charge_refundable=warning, metadata={}, enhanced_eligibility_types=[],
        status="warning_needs_response" if warning else "needs_response", balance_transactions=[],
        evidence=part("dispute", "evidence") | {"enhanced_evidence": {}}, evidence_details=_details(account),
        payment_method_details=_card(charge, reason, "inquiry" if warning else "chargeback"),
    )  # fmt: skip
    account.save(charge | {"disputed": True})
    if not warning:
        _move(account, made, -amount, FEE)
    emit(account, "charge.dispute.created", account.save(made))
    if not warning:
        emit(account, "charge.dispute.funds_withdrawn", made)
    return made


def _details(account: Account) -> Object:
    return {
        "due_by": account.now() + 9 * DAY, "has_evidence": False, "past_due": False, "submission_count": 0,
        "enhanced_eligibility": {},
    }  # fmt: skip


def _card(charge: Object, reason: str, case: str) -> Object:
    brand = charge["payment_method_details"]["card"]["brand"]
    code = NETWORK_CODES.get(reason) if brand == "visa" else None
    return {"type": "card", "card": {"brand": brand, "case_type": case, "network": brand, "network_reason_code": code}}


def _move(account: Account, dispute: Object, amount: int, fee: int) -> None:
    txn = balance.record(account, "adjustment", amount, dispute["currency"], dispute["id"], fee=fee)
    dispute["balance_transactions"].append(account.render(txn))


def is_charged_back(account: Account, charge: Object) -> bool:
    """An inquiry leaves the charge refundable."""
    found = account.find("dispute", charge=charge["id"]) if charge["disputed"] else []
    return any(not dispute["is_charge_refundable"] for dispute in found)


def close(account: Account, dispute: Object, status: str) -> Object:
    """won gives the money back."""
    before = dict(dispute)
    if dispute["status"] in CLOSED:
        raise invalid("This dispute is already closed.", code="dispute_closed")
    if dispute["status"].startswith("warning"):
        status = "warning_closed"
    dispute["status"] = status
    if status == "won":
        _move(account, dispute, dispute["amount"], 0)
        emit(account, "charge.dispute.funds_reinstated", account.save(dispute))
    emit(account, "charge.dispute.closed", account.save(dispute), changed(before, dispute))
    return dispute


def escalate(account: Account, dispute: Object) -> Object:
    """An inquiry becomes a chargeback: now the money goes."""
    before = dict(dispute)
    if not dispute["status"].startswith("warning") or dispute["status"] in CLOSED:
        raise invalid("Only an open inquiry can be escalated.")
    charge = account.get("charge", dispute["charge"])
    dispute |= {
        "status": "needs_response", "is_charge_refundable": False, "evidence_details": _details(account),
        "payment_method_details": _card(charge, dispute["reason"], "chargeback"),
    }  # fmt: skip
    _move(account, dispute, -dispute["amount"], FEE)
    emit(account, "charge.dispute.updated", account.save(dispute), changed(before, dispute))
    emit(account, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def reinstate(account: Account, dispute: Object) -> Object:
    """Money given back after the dispute was lost."""
    if dispute["status"] != "lost":
        raise invalid("Only a lost dispute can be reinstated afterwards.")
    _move(account, dispute, dispute["amount"], 0)
    emit(account, "charge.dispute.funds_reinstated", account.save(dispute))
    return dispute


@operation("POST /v1/disputes/{dispute}")
def update(account: Account, params: Params, id: str) -> Object:
    dispute = account.get("dispute", id)
    before = dict(dispute)
    if "metadata" in params:
        dispute["metadata"] = merged(dispute["metadata"], params["metadata"])
    given = params.plain("evidence") or {}
    if given and dispute["status"] in CLOSED:
        raise invalid("This dispute is already closed.", code="dispute_closed")
    dispute["evidence"] = dispute["evidence"] | given
    submit = params.get("submit", bool(given)) and any(dispute["evidence"].values())
    details = dispute["evidence_details"] | {"has_evidence": any(dispute["evidence"].values())}
    dispute["evidence_details"] = details | {"submission_count": details["submission_count"] + submit}
    if submit:
        dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    emit(account, "charge.dispute.updated", account.save(dispute), changed(before, dispute))
    verdict = VERDICTS.get(dispute["evidence"]["uncategorized_text"] or "")
    if not submit or not verdict:
        return dispute
    return escalate(account, dispute) if verdict == "escalated" else close(account, dispute, verdict)


@operation("POST /v1/disputes/{dispute}/close")
def close_operation(account: Account, params: Params, id: str) -> Object:
    return close(account, account.get("dispute", id), "lost")
