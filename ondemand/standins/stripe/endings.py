"""How a subscription ends."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.shapes import Object


def cancel(account: Account, subscription: Object, reason: str = "cancellation_requested") -> Object:
    now, details = account.now(), subscription["cancellation_details"]
    subscription |= {
        "status": "canceled", "canceled_at": subscription["canceled_at"] or now, "ended_at": now,
        "cancellation_details": details | {"reason": details["reason"] or reason},
    }  # fmt: skip
    emit(account, "customer.subscription.deleted", account.save(subscription))
    return subscription


def after_retries(account: Account, subscription: Object) -> None:
    """What the account's settings do when every retry has failed: past_due (nothing), unpaid, or cancel."""
    settings = account.first("_settings") or {}
    wanted = settings.get("after_retries", "past_due")
    if wanted == "cancel":
        cancel(account, subscription, "payment_failed")
    if wanted == "unpaid":
        emit(account, "customer.subscription.updated", account.save(subscription | {"status": "unpaid"}),
             {"status": subscription["status"]})  # fmt: skip
