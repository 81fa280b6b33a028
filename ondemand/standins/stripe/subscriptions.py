"""Subscriptions: created, changed, ended."""

from __future__ import annotations

from typing import Any

from ondemand.standins.stripe import invoice_items, trials
from ondemand.standins.stripe import subscription_terms as terms
from ondemand.standins.stripe.account import DUE, Account
from ondemand.standins.stripe.billing import INCOMPLETE, bill, collect_now, first_invoice
from ondemand.standins.stripe.catalogue import settle_inline
from ondemand.standins.stripe.core import assign, changed, operation, resource
from ondemand.standins.stripe.endings import cancel
from ondemand.standins.stripe.errors import invalid, no_such, not_done
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.lines import parent_subscription
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.periods import ENDED, later, period
from ondemand.standins.stripe.proration import add_item, change_item, charge_since, credit
from ondemand.standins.stripe.shapes import Object, part

FIELDS = "metadata description"
LARGEST = 20  # items
NOT_INCOMPLETE = {"items", "add_invoice_items", "trial_end", "billing_cycle_anchor", "discounts", "pause_collection"}


def has_status(subscription: Object, wanted: str) -> bool:
    ended = subscription["status"] in ENDED
    return wanted in ("all", subscription["status"]) or wanted == ("ended" if ended else "not ended")


def next_moment(subscription: Object) -> int | None:
    if subscription["status"] in (*ENDED, "paused") or not subscription["items"]["data"]:
        return None
    if subscription["status"] == "incomplete":
        return int(subscription.get("_expires") or subscription["created"] + INCOMPLETE)
    paused = subscription["pause_collection"] or {}
    ends = (period(subscription)["end"], subscription["cancel_at"])
    moments = (*ends, paused.get("resumes_at"), trials.telling(subscription))
    return min(int(moment) for moment in moments if moment)


DUE["subscription"] = next_moment
resource(
    "subscription", "/v1/subscriptions", "customer collection_method test_clock", None, {"status": "not ended"},
    status=has_status, price=lambda subscription, id: id in [i["price"]["id"] for i in subscription["items"]["data"]],
)  # fmt: skip


@operation("POST /v1/subscriptions")
def create(account: Account, params: Params) -> Object:
    customer = account.get("customer", params.need("customer"), "customer")
    mode, now = params.plain("billing_mode") or {"type": "flexible"}, account.now()
    made = account.new(
        "subscription", customer=customer["id"], status="incomplete", metadata={},
        start_date=terms.start(params, now),
        billing_cycle_anchor=now, billing_mode=terms.mode(mode), default_tax_rates=[], discounts=[],
        collection_method="charge_automatically", currency=customer["currency"] or "usd",
        automatic_tax=part("subscription", "automatic_tax"), days_until_due=None,
        cancellation_details={"comment": None, "feedback": None, "reason": None},
        invoice_settings=part("subscription", "invoice_settings") | {"issuer": {"type": "self"}},
        payment_settings=part("subscription", "payment_settings") | {"save_default_payment_method": "off"},
    )  # fmt: skip
    made["items"]["url"] = f"/v1/subscription_items?subscription={made['id']}"
    terms.anchor(account, made, params)
    trials.begin(account, made, params)
    if len(params.need("items")) > LARGEST:
        raise invalid(f"A subscription can have up to {LARGEST} items.", "items")
    for n, given in enumerate(params["items"]):
        add_item(account, made, given, f"items[{n}]")
    terms.check_intervals(made)
    terms.check_anchor(made)
    terms.settings(account, assign(made, params, FIELDS), params)
    _cancel_at(account, made, params, None)
    emit(account, "customer.subscription.created", account.save(made))
    if params.get("proration_behavior") != "none":
        charge_since(account, made, params.get("backdate_start_date") or now)
    _add_once(account, made, params)
    return first_invoice(account, made, _payment_behavior(params))


def _add_once(account: Account, subscription: Object, params: Params) -> None:
    """What is billed once, on the subscription's next invoice."""
    for given in params.get("add_invoice_items") or []:
        of = {"customer": subscription["customer"], "subscription": subscription["id"]}
        if "price" in given:
            given["pricing"] = Params({"price": given["price"]})
        plain = {name: given[name] for name in given if name != "price"}
        invoice_items.create(account, Params(plain | of))


def _payment_behavior(params: Params) -> str:
    params.get("off_session")
    behaviour: str = params.get("payment_behavior", "allow_incomplete")
    if behaviour == "pending_if_incomplete":
        raise not_done("payment_behavior=pending_if_incomplete")
    return behaviour


@operation("POST /v1/subscriptions/{subscription_exposed_id}")
def update(account: Account, params: Params, id: str) -> Object:
    before = account.get("subscription", id)
    if before["status"] in ENDED and set(params) - {"metadata", "cancellation_details", "expand"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if before["status"] == "incomplete" and set(params) & NOT_INCOMPLETE:
        raise invalid("An incomplete subscription can only have its metadata and its payment method updated.")
    after = assign(account.get("subscription", id), params, FIELDS)
    behaviour = params.get("proration_behavior", "create_prorations")
    when = _proration_date(params, before) or account.now()
    terms.settings(account, after, params)
    restart = _change_items(account, after, params, when if behaviour != "none" else None)
    _cancel_at(account, after, params, when if behaviour != "none" else None)
    _pause(after, params)
    if "cancellation_details" in params:
        after["cancellation_details"] |= params.plain("cancellation_details")
    emit(account, "customer.subscription.updated", account.save(after), changed(before, after))
    _add_once(account, after, params)
    payment = _payment_behavior(params)
    if restart or behaviour == "always_invoice" and "items" in params:
        items = after["items"]["data"] if restart else []
        collect_now(account, bill(account, after, "subscription_update", items), payment)
    return account.get("subscription", id)


def _proration_date(params: Params, subscription: Object) -> int | None:
    when: int | None = params.get("proration_date")
    now = period(subscription)
    if when is not None and not now["start"] <= when <= now["end"]:
        raise invalid("The proration date must be within the current billing period.", "proration_date")
    return when


def _change_items(account: Account, subscription: Object, params: Params, when: int | None) -> bool:
    """Whether the billing cycle begins anew: asked for, or the new prices have another interval."""
    intervals = {str(item["price"]["recurring"]) for item in subscription["items"]["data"]}
    anchor = params.get("billing_cycle_anchor")
    old = [dict(item) for item in subscription["items"]["data"]]
    given = params.get("items") or []
    for each in given:
        settle_inline(account, each)
    prices = [account.get("price", g["price"], "items[price]") for g in given if "price" in g]
    trial_over = trials.change(account, subscription, params)
    restart = trial_over or anchor == "now" or any(str(price["recurring"]) not in intervals for price in prices)
    added_first = sorted(enumerate(given), key=lambda one: bool(one[1].get("deleted")))
    for n, each in added_first:  # or the last item could not be replaced by another
        change_item(account, subscription, each, f"items[{n}]", None if restart else when)
    terms.check_intervals(subscription)
    if restart:
        _restart(account, subscription, old, None if trial_over else when)
    return restart


def _restart(account: Account, subscription: Object, old: list[Object], when: int | None) -> None:
    now = account.now()
    subscription["billing_cycle_anchor"] = now
    for item in old if when else []:
        credit(account, subscription, item, -1, now)
    for item in subscription["items"]["data"]:
        item |= {"current_period_start": now, "current_period_end": later(now, item["price"], now)}


def _cancel_at(account: Account, subscription: Object, params: Params, when: int | None) -> None:
    """At the period's end, or at a moment; undone by false or ''."""
    if "cancel_at_period_end" not in params and "cancel_at" not in params:
        return
    at_end = params.get("cancel_at_period_end")
    if at_end and params.get("cancel_at"):
        raise invalid("You may only specify one of these parameters: cancel_at, cancel_at_period_end.", "cancel_at")
    at: Any = params.plain("cancel_at")
    ends = [item["current_period_end"] for item in subscription["items"]["data"]]
    named = {"min_period_end": min(ends), "max_period_end": max(ends), "max_billed_until": max(ends)}
    at = min(ends) if at_end else named.get(at, at) if "cancel_at" in params else None
    if at is not None and at <= account.now():
        raise invalid("`cancel_at` must be in the future.", "cancel_at")
    reason = "cancellation_requested" if at else None
    subscription |= {
        "cancel_at": at, "cancel_at_period_end": bool(at_end), "canceled_at": account.now() if at else None,
        "cancellation_details": subscription["cancellation_details"] | {"reason": reason},
        "_prorate_end": params.get("proration_behavior") != "none",
    }  # fmt: skip
    if at and when and at < min(ends):
        for item in subscription["items"]["data"]:
            credit(account, subscription, item, -1, at)


def _pause(subscription: Object, params: Params) -> None:
    if "pause_collection" in params:
        given = params.plain("pause_collection")
        subscription["pause_collection"] = given and {"resumes_at": None} | given


@operation("DELETE /v1/subscriptions/{subscription_exposed_id}")
def cancel_operation(account: Account, params: Params, id: str) -> Object:
    subscription = account.get("subscription", id)
    if subscription["status"] in ENDED:
        raise no_such("subscription", id)
    if "cancellation_details" in params:
        subscription["cancellation_details"] |= params.plain("cancellation_details")
    now = account.now()
    if params.get("prorate"):
        for item in subscription["items"]["data"]:
            credit(account, subscription, item, -1, now)
    if params.get("invoice_now"):
        account.save(subscription)
        collect_now(account, bill(account, subscription, "subscription_update", []), "allow_incomplete")
        subscription = account.get("subscription", id) | {"cancellation_details": subscription["cancellation_details"]}
    elif not params.get("prorate"):
        _drop_prorations(account, subscription)
    return cancel(account, subscription)


def _drop_prorations(account: Account, subscription: Object) -> None:
    """Ended at once, pending prorations go; other pending items stay with the customer."""
    for item in account.find("invoiceitem", customer=subscription["customer"], invoice=None):
        if item["proration"] and parent_subscription(item) == subscription["id"]:
            account.delete(item)
