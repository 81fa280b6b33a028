"""A subscription's invoices: the first one, each renewal's, the one at once; what its end leaves."""

from __future__ import annotations

from ondemand.standins.stripe import trials
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.catalogue import amount_of
from ondemand.standins.stripe.collection import finalize, pay
from ondemand.standins.stripe.core import changed
from ondemand.standins.stripe.endings import cancel
from ondemand.standins.stripe.errors import StripeError
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.invoices import new_invoice, of, void
from ondemand.standins.stripe.lines import add_line, pull_pending
from ondemand.standins.stripe.periods import earlier, later, period
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.totals import recalculate
from ondemand.standins.stripe.words import money

HOUR = 3600
INCOMPLETE = 23 * HOUR  # then an unpaid first invoice is given up


def bill(
    account: Account, subscription: Object, reason: str, items: list[Object], span: tuple[int, int] | None = None
) -> Object:
    """The draft invoice of these items' current period, with what is pending."""
    customer = account.get("customer", subscription["customer"])
    invoice = new_invoice(account, customer, subscription["currency"], reason, of(subscription), span)
    _settings(account, invoice, subscription)
    account.save(invoice)
    pull_pending(account, invoice, subscription["id"])
    invoice = account.get("invoice", invoice["id"])
    for item in reversed(items):
        add_base_line(account, invoice, subscription, item)
    _use_discounts(subscription)
    account.save(subscription | {"latest_invoice": invoice["id"]})
    return account.save(recalculate(account, invoice))


def _use_discounts(subscription: Object) -> None:
    """What holds for one invoice is used up."""
    for obj in (subscription, *subscription["items"]["data"]):
        kept = [each for each in obj.get("_discounts", []) if each["_coupon"]["duration"] != "once"]
        obj |= {"_discounts": kept, "discounts": [each["id"] for each in kept]}


def _current(account: Account, obj: Object) -> list[Object]:
    return [each for each in obj.get("_discounts", []) if not each["end"] or each["end"] > account.now()]


def _settings(account: Account, invoice: Object, subscription: Object) -> None:
    current = _current(account, subscription)
    invoice |= {
        "collection_method": subscription["collection_method"], "description": subscription["description"],
        "_rates": subscription["default_tax_rates"], "default_tax_rates": subscription["default_tax_rates"],
        "_days": subscription["days_until_due"] or 30, "_discounts": current,
        "discounts": [each["id"] for each in current],
    }  # fmt: skip
    if subscription["automatic_tax"]["enabled"]:
        liability = {"type": "self"}
        invoice["automatic_tax"] |= {
            "enabled": True, "status": "complete", "liability": liability, "provider": "stripe",
        }  # fmt: skip


def add_base_line(account: Account, invoice: Object, subscription: Object, item: Object) -> None:
    price, quantity = item["price"], item["quantity"]
    start, end = item["current_period_start"], item["current_period_end"]
    trial = subscription["status"] == "trialing" and end <= subscription["trial_end"]
    amount, part = 0 if trial else amount_of(price, quantity), None if trial else share(item, subscription)
    link = {
        "invoice_item": None, "proration": part is not None, "subscription": subscription["id"],
        "proration_details": {"credited_items": None}, "subscription_item": item["id"],
    }  # fmt: skip
    product = account.get("product", price["product"])["name"]
    each = money(price["unit_amount"] or 0, price["currency"])
    described = f"{quantity} × {product} (at {each} / {_interval(price)})"
    add_line(
        account, invoice, amount=amount if part is None else rounded_share(amount, *part), quantity=quantity,
        quantity_decimal=str(quantity), subscription=subscription["id"], period={"start": start, "end": end},
        description=f"Trial period for {product}" if trial else described, metadata=dict(subscription["metadata"]),
        pricing={"type": "price_details", "unit_amount_decimal": price["unit_amount_decimal"],
                 "price_details": {"price": price["id"], "product": price["product"]}},
        parent={"type": "subscription_item_details", "invoice_item_details": None, "subscription_item_details": link},
        _rates=item["tax_rates"], _discounts=_current(account, item), discounts=item["discounts"],
    )  # fmt: skip


def _interval(price: Object) -> str:
    count, unit = price["recurring"]["interval_count"], price["recurring"]["interval"]
    return unit if count == 1 else f"every {count} {unit}s"


def share(item: Object, subscription: Object) -> tuple[int, int] | None:
    """Of a period that was cut short: its seconds, and those of a whole one."""
    start, end = item["current_period_start"], item["current_period_end"]
    anchor = subscription["billing_cycle_anchor"]
    whole = later(start, item["price"], start if start < anchor else anchor)
    if start < anchor == end and whole != end:
        return end - start, end - earlier(end, item["price"], anchor)
    return (end - start, whole - start) if end < whole and end == subscription["cancel_at"] else None


def rounded_share(amount: int, part: int, whole: int) -> int:
    """Half away from zero."""
    exact = abs(amount) * part * 2 + whole
    return exact // (whole * 2) if amount >= 0 else -(exact // (whole * 2))


def first_invoice(account: Account, subscription: Object, behaviour: str) -> Object:
    items = [] if subscription.get("_free_stub") else subscription["items"]["data"]
    invoice = collect_now(account, bill(account, subscription, "subscription_create", items), behaviour)
    subscription = account.get("subscription", subscription["id"])
    if subscription["status"] != "incomplete":
        return subscription
    if invoice["status"] == "paid" or invoice["collection_method"] == "send_invoice":
        subscription["status"] = "active"
    else:
        subscription["_expires"] = account.now() + INCOMPLETE
    return account.save(subscription)


def collect_now(account: Account, invoice: Object, behaviour: str) -> Object:
    """Finalized and paid without the hour's wait; declined, it stays open. What is sent waits the hour."""
    if invoice["collection_method"] == "send_invoice":
        return account.save(invoice | {"automatically_finalizes_at": account.now() + HOUR})
    invoice = finalize(account, invoice)
    if invoice["status"] != "open" or behaviour == "default_incomplete":
        return invoice
    try:
        return pay(account, invoice)
    except StripeError as error:
        if (
            behaviour == "error_if_incomplete"
            or error.status != 402
            and (
                invoice["billing_reason"] == "subscription_create"
                or error.body["error"].get("code") != "resource_missing"
            )
        ):
            error.keep = False
            raise
    return account.get("invoice", invoice["id"])


def due(account: Account, subscription: Object) -> None:
    """A subscription's moment has come."""
    now = account.now()
    if subscription["status"] == "incomplete":
        return expire(account, subscription)
    if (moment := trials.telling(subscription)) and moment <= now:
        return trials.tell(account, subscription)
    paused = subscription["pause_collection"]
    if paused and paused["resumes_at"] and paused["resumes_at"] <= now:
        subscription["pause_collection"] = None
        emit(account, "customer.subscription.updated", account.save(subscription), {"pause_collection": paused})
        return None
    if subscription["cancel_at"] and subscription["cancel_at"] <= now:
        return end(account, subscription)
    if wanted := trials.ending(account, subscription):
        return trials.pause(account, subscription) if wanted == "pause" else end(account, subscription)
    return renew(account, subscription)


def expire(account: Account, subscription: Object) -> None:
    invoice = account.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        void(account, invoice)
    ended = {"status": "incomplete_expired", "ended_at": account.now()}
    emit(account, "customer.subscription.updated", account.save(subscription | ended), {"status": "incomplete"})


def renew(account: Account, subscription: Object) -> None:
    """Begin the next period and draft its invoice; it is finalized an hour later."""
    before, span = account.get("subscription", subscription["id"]), period(subscription)
    fresh = [i for i in subscription["items"]["data"] if i["current_period_end"] == span["end"]]
    for item in fresh:
        natural = later(span["end"], item["price"], subscription["billing_cycle_anchor"])
        stop = subscription["cancel_at"] if subscription.get("_prorate_end", True) else None
        item |= {"current_period_start": span["end"], "current_period_end": min(natural, stop or natural)}
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    account.save(subscription)
    invoice = bill(account, subscription, "subscription_cycle", fresh, (span["start"], span["end"]))
    _schedule(account, invoice, subscription)
    after = account.get("subscription", subscription["id"])
    emit(account, "customer.subscription.updated", after, changed(before, after))


def _schedule(account: Account, invoice: Object, subscription: Object) -> None:
    held = subscription["status"] == "unpaid"
    paused = subscription["pause_collection"]
    if held or paused and paused["behavior"] == "keep_as_draft":
        account.save(invoice | {"auto_advance": False})
        return
    invoice["automatically_finalizes_at"] = account.now() + HOUR
    account.save(invoice | ({"_paused": paused["behavior"]} if paused else {}))


def end(account: Account, subscription: Object) -> None:
    """The set end has come; what is pending goes on a last invoice."""
    pending = account.find("invoiceitem", customer=subscription["customer"], invoice=None)
    own = [
        i for i in pending if i["parent"] and i["parent"]["subscription_details"]["subscription"] == subscription["id"]
    ]
    if own:
        span = period(subscription)
        invoice = bill(account, subscription, "subscription_cycle", [], (span["start"], account.now()))
        account.save(invoice | {"automatically_finalizes_at": account.now() + HOUR})
        subscription = account.get("subscription", subscription["id"])
    cancel(account, subscription)
