"""What else can be done to a subscription: resume it, migrate it, take its discount away."""

from __future__ import annotations

from ondemand.standins.stripe import subscription_terms as terms
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.billing import bill, collect_now
from ondemand.standins.stripe.collection import resume
from ondemand.standins.stripe.core import changed, operation
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.periods import later
from ondemand.standins.stripe.shapes import Object


@operation("POST /v1/subscriptions/{subscription}/resume")
def resume_operation(account: Account, params: Params, id: str) -> Object:
    """A new cycle begins, unless its anchor is kept; what is billed for it must be paid before it is active."""
    subscription = account.get("subscription", id)
    if subscription["status"] != "paused":
        raise invalid("This subscription is not paused: it cannot be resumed.")
    now = account.now()
    if params.get("billing_cycle_anchor", "now") == "now":
        subscription["billing_cycle_anchor"] = now
        for item in subscription["items"]["data"]:
            item |= {"current_period_start": now, "current_period_end": later(now, item["price"], now)}
    if params.get("proration_behavior", "create_prorations") == "none":
        return resume(account, subscription)
    invoice = bill(account, account.save(subscription), "subscription_update", subscription["items"]["data"])
    subscription = account.get("subscription", id) | {"_resumption": invoice["id"]}
    account.save(subscription)
    collect_now(account, invoice, "allow_incomplete")
    return account.get("subscription", id)


@operation("POST /v1/subscriptions/{subscription}/migrate")
def migrate(account: Account, params: Params, id: str) -> Object:
    before = account.get("subscription", id)
    after = before | {"billing_mode": terms.mode(params.plain("billing_mode")) | {"updated_at": account.now()}}
    emit(account, "customer.subscription.updated", account.save(after), changed(before, after))
    return after


@operation("DELETE /v1/subscriptions/{subscription_exposed_id}/discount")
def delete_discount(account: Account, params: Params, id: str) -> Object:
    before = account.get("subscription", id)
    if not before["discounts"]:
        raise StripeError(404, f"No active discount for subscription: {id}", code="resource_missing")
    gone = account.get("discount", before["discounts"][0])
    after = before | {"discounts": [], "_discounts": []}
    emit(account, "customer.subscription.updated", account.save(after), changed(before, after))
    emit(account, "customer.discount.deleted", gone)
    return {name: gone[name] for name in gone if name != "end"} | account.delete(gone)
