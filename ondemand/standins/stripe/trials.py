"""Trials: until one ends nothing is charged; then the cycle begins, or the subscription pauses or ends."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object

DAY = 86400
TOLD = 3 * DAY  # before its end, customer.subscription.trial_will_end is sent


def begin(account: Account, subscription: Object, params: Params) -> None:
    """Of a new subscription."""
    now, days = account.now(), params.get("trial_period_days")
    if days and params.get("trial_end"):
        raise invalid("You may only specify one of these parameters: trial_end, trial_period_days.", "trial_end")
    end = params.get("trial_end") or (now + days * DAY if days else None)
    if end is None or end == "now":
        return
    _check(end, now)
    subscription |= {"status": "trialing", "trial_start": now, "trial_end": end, "billing_cycle_anchor": end}


def _check(end: int, now: int) -> None:
    if end <= now:
        raise invalid("`trial_end` must be in the future.", "trial_end")


def change(account: Account, subscription: Object, params: Params) -> bool:
    """Of one that is there. Whether the trial ends now, so that its first full period begins."""
    end, now = params.get("trial_end"), account.now()
    if end is None:
        return False
    if end == "now":
        ends = bool(subscription["status"] == "trialing")
        subscription |= {"status": "active", "trial_end": now} if ends else {}
        return ends
    _check(end, now)
    if subscription["status"] != "trialing":
        subscription["trial_start"] = now
    for item in subscription["items"]["data"]:
        start = item["current_period_start"] if subscription["status"] == "trialing" else now
        item |= {"current_period_start": start, "current_period_end": end}
    subscription |= {"status": "trialing", "trial_end": end, "billing_cycle_anchor": end, "_told": False}
    return False


def telling(subscription: Object) -> int | None:
    """When it is told that the trial will end."""
    if subscription["status"] != "trialing" or subscription.get("_told"):
        return None
    return int(max(subscription["trial_start"], subscription["trial_end"] - TOLD))


def tell(account: Account, subscription: Object) -> None:
    emit(account, "customer.subscription.trial_will_end", account.save(subscription | {"_told": True}))


def ending(account: Account, subscription: Object) -> str:
    """What its settings want where the trial is over and no card is there: pause, cancel, or nothing special."""
    wanted: str = ((subscription["trial_settings"] or {}).get("end_behavior") or {}).get("missing_payment_method", "")
    customer = account.get("customer", subscription["customer"])
    card = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    over = subscription["status"] == "trialing" and not card
    return wanted if over and wanted in ("pause", "cancel") else ""


def pause(account: Account, subscription: Object) -> None:
    emit(account, "customer.subscription.updated", account.save(subscription | {"status": "paused"}),
         {"status": "trialing"})  # fmt: skip
    emit(account, "customer.subscription.paused", account.get("subscription", subscription["id"]))
