"""Disputes: opened by a test card or from outside, answered with evidence, won or lost."""

from __future__ import annotations

from ondemand.standins.stripe import balance
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import changed, operation, resource
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object, part

FEE = 1500
DAY = 86400
CLOSED = ("won", "lost", "warning_closed", "prevented")

resource("dispute", "/v1/disputes", "charge payment_intent")


def follow(account: Account, charge: Object, reason: str) -> Object:
    """The dispute that a test card brings with its payment."""
    return open_dispute(account, account.get("charge", charge["id"]), charge["amount"], reason)


def open_dispute(account: Account, charge: Object, amount: int, reason: str, *, warning: bool = False) -> Object:
    """A warning (an inquiry) withdraws nothing."""
    made = account.new(
        "dispute", charge=charge["id"], payment_intent=charge["payment_intent"], amount=amount, reason=reason,
        currency=charge["currency"], is_charge_refundable=warning, metadata={}, enhanced_eligibility_types=[],
        status="warning_needs_response" if warning else "needs_response", balance_transactions=[],
        evidence=part("dispute", "evidence") | {"enhanced_evidence": {}}, evidence_details=_details(account),
    )  # fmt: skip
    if not warning:
        _move(account, made, -amount, FEE)
        account.save(charge | {"disputed": True})
    emit(account, "charge.dispute.created", account.save(made))
    if not warning:
        emit(account, "charge.dispute.funds_withdrawn", made)
    return made


def _details(account: Account) -> Object:
    return {
        "due_by": account.now() + 9 * DAY, "has_evidence": False, "past_due": False, "submission_count": 0,
        "enhanced_eligibility": {},
    }  # fmt: skip


def _move(account: Account, dispute: Object, amount: int, fee: int) -> None:
    txn = balance.record(account, "adjustment", amount, dispute["currency"], dispute["id"], fee=fee)
    dispute["balance_transactions"].append(account.render(txn))


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
        dispute["metadata"] |= params["metadata"] or {}
    given = params.plain("evidence") or {}
    dispute["evidence"] = dispute["evidence"] | given
    details = dispute["evidence_details"] | {"has_evidence": any(dispute["evidence"].values())}
    submit = bool(given) and params.get("submit", True)
    dispute["evidence_details"] = details | {"submission_count": details["submission_count"] + submit}
    if submit:
        dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    emit(account, "charge.dispute.updated", account.save(dispute), changed(before, dispute))
    words = {"winning_evidence": "won", "losing_evidence": "lost"}
    verdict = words.get(dispute["evidence"]["uncategorized_text"] or "")
    return close(account, dispute, verdict) if submit and verdict else dispute


@operation("POST /v1/disputes/{dispute}/close")
def close_operation(account: Account, params: Params, id: str) -> Object:
    return close(account, account.get("dispute", id), "lost")
