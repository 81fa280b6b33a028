"""A subscription's terms: when it begins and bills, how it is paid."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.discounts import apply as apply_discounts
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.invoices import collect_by
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.payment_methods import not_attached, resolve
from ondemand.standins.stripe.periods import by_config, later
from ondemand.standins.stripe.shapes import Object, part
from ondemand.standins.stripe.tax_rates import rates


def mode(given: Object) -> Object:
    flexible = {"proration_discounts": "included"} | (given.get("flexible") or {})
    return {"type": given["type"], "flexible": flexible if given["type"] == "flexible" else None}


def start(params: Params, now: int) -> int:
    at: int = params.get("backdate_start_date") or now
    if at > now:
        raise invalid("`backdate_start_date` must be in the past.", "backdate_start_date")
    return at


def anchor(account: Account, subscription: Object, params: Params) -> None:
    """A later anchor makes the first period a part of one: charged in part, or free with proration_behavior=none."""
    now = account.now()
    config = params.plain("billing_cycle_anchor_config")
    at = params.get("billing_cycle_anchor") or (by_config(now, config) if config else now)
    if at < now:
        raise invalid("`billing_cycle_anchor` cannot be in the past.", "billing_cycle_anchor")
    if config:
        subscription["billing_cycle_anchor_config"] = part("subscription", "billing_cycle_anchor_config") | config
    subscription["billing_cycle_anchor"] = at
    subscription["_free_stub"] = params.get("proration_behavior") == "none" and at > now


def check_intervals(subscription: Object) -> None:
    every = {str(item["price"]["recurring"]) for item in subscription["items"]["data"]}
    if subscription["billing_mode"]["type"] == "classic" and len(every) > 1:
        raise invalid("All prices on a subscription must have the same `recurring.interval` and "
                      "`recurring.interval_count`.", "items")  # fmt: skip


def check_anchor(subscription: Object) -> None:
    if subscription["trial_end"]:
        return
    start, at = subscription["start_date"], subscription["billing_cycle_anchor"]
    for item in subscription["items"]["data"]:
        natural = later(start, item["price"], start)
        if at > natural:
            raise invalid(
                f"`billing_cycle_anchor` cannot be later than next natural billing date ({natural}) for plan",
                "billing_cycle_anchor",
            )


def settings(account: Account, subscription: Object, params: Params) -> None:
    if "default_payment_method" in params:
        subscription["default_payment_method"] = _method(account, subscription, params)
    if "collection_method" in params or "days_until_due" in params:
        collect_by(subscription, params)
        subscription["days_until_due"] = params.get("days_until_due", subscription["days_until_due"])
    if "default_tax_rates" in params:
        subscription["default_tax_rates"] = rates(account, params, "default_tax_rates")
    if "payment_settings" in params:
        subscription["payment_settings"] |= params.plain("payment_settings")
    if "invoice_settings" in params:
        subscription["invoice_settings"] |= params.plain("invoice_settings")
    if "automatic_tax" in params:
        enabled = params["automatic_tax"]["enabled"]
        liability = {"type": "self"} if enabled else None
        subscription["automatic_tax"] |= {"enabled": enabled, "liability": liability}
    if "discounts" in params:
        apply_discounts(account, subscription, params)
    if "trial_settings" in params:
        subscription["trial_settings"] = params.plain("trial_settings")


def _method(account: Account, subscription: Object, params: Params) -> str | None:
    id = params["default_payment_method"]
    if id == "":
        return None
    method = resolve(account, id, "default_payment_method")
    if method["customer"] != subscription["customer"]:
        raise not_attached(id, "default_payment_method")
    return str(method["id"])
