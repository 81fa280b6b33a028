"""The invoice that would come: everything is really done, then taken back."""

from __future__ import annotations

from ondemand.standins.stripe import invoice_items, subscriptions
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.billing import bill, renew
from ondemand.standins.stripe.core import operation
from ondemand.standins.stripe.discounts import apply as apply_discounts
from ondemand.standins.stripe.errors import StripeError, invalid, not_done
from ondemand.standins.stripe.lines import parent_subscription
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.periods import ENDED, period
from ondemand.standins.stripe.proration import credit
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.totals import recalculate


@operation("POST /v1/invoices/create_preview")
def create_preview(account: Account, params: Params) -> Object:
    if params.get("preview_mode", "next") != "next":
        raise not_done("preview_mode=recurring")
    account.db.execute("SAVEPOINT preview")
    frozen = account.frozen
    try:
        invoice = _as_asked(account, _preview(account, params), params)
    finally:
        account.db.execute("ROLLBACK TO preview")
        account.db.execute("RELEASE preview")
        account.frozen = frozen
    return _as_upcoming(invoice)


def _as_upcoming(invoice: Object) -> Object:
    id = "upcoming_" + invoice["id"]
    invoice["lines"]["url"] = f"/v1/invoices/upcoming/lines?invoice={id}"
    for line in invoice["lines"]["data"]:
        line["invoice"] = id
    return invoice | {"id": id, "automatically_finalizes_at": None}


def _preview(account: Account, params: Params) -> Object:
    details = params.get("subscription_details") or Params({})
    for n, given in enumerate(params.get("invoice_items") or []):
        _extra(account, params, given, n)
    if "subscription" not in params:
        return _new_subscription(account, params, details)
    subscription = account.get("subscription", params["subscription"], "subscription")
    if params.get("customer") not in (None, subscription["customer"]):
        raise invalid("The subscription does not belong to the customer.", "customer")
    if subscription["status"] in ENDED:
        raise none_upcoming(subscription["customer"])
    at_once = _changed(account, subscription, details)
    return at_once or _next(account, account.get("subscription", subscription["id"]))


def _extra(account: Account, params: Params, given: Params, n: int) -> None:
    owner = params.get("customer")
    if not owner:
        owner = account.get("subscription", params.need("subscription"), "subscription")["customer"]
    known = {
        "amount",
        "currency",
        "description",
        "metadata",
        "period",
        "quantity",
        "price",
        "price_data",
        "discountable",
        "tax_rates",
        "unit_amount_decimal",
        "quantity_decimal",
    }
    if unknown := sorted(set(given) - known):
        raise not_done(f"invoice_items[{n}][{unknown[0]}]")
    made: Object = {"customer": owner} | {name: given[name] for name in given if name != "price"}
    if "price" in given:
        made["pricing"] = Params({"price": given["price"]})
    if "subscription" in params:
        made["subscription"] = params["subscription"]
    invoice_items.create(account, Params(made))


def _as_asked(account: Account, invoice: Object, params: Params) -> Object:
    """With the discounts and the tax that the preview alone is to have."""
    if "discounts" in params:
        apply_discounts(account, invoice, params)
    if "automatic_tax" in params:
        on = params["automatic_tax"]["enabled"]
        told = {"status": "complete", "provider": "stripe", "liability": {"type": "self"}} if on else {}
        invoice["automatic_tax"] |= {"enabled": on} | told
    return recalculate(account, invoice)


def _new_subscription(account: Account, params: Params, details: Params) -> Object:
    """Without a subscription: what a new one would be billed first."""
    customer = account.get("customer", params.need("customer"), "customer")
    if "items" not in details:
        return _pending_only(account, customer)
    given = {name: details[name] for name in details if name not in ("proration_date", "cancel_now")}
    made = subscriptions.create(
        account, Params({"customer": customer["id"], "payment_behavior": "default_incomplete"} | given)
    )
    invoice = account.get("invoice", made["latest_invoice"])
    return invoice | {"status": "draft", "number": None}


def _pending_only(account: Account, customer: Object) -> Object:
    current = [s for s in account.find("subscription", customer=customer["id"]) if s["status"] not in ENDED]
    if not current:
        raise none_upcoming(customer["id"])
    return _next(account, min(current, key=lambda s: int(period(s)["end"])))


def _changed(account: Account, subscription: Object, details: Params) -> Object | None:
    """The change that is asked about; with always_invoice or a new anchor, the invoice that it brings at once."""
    names = (
        "items cancel_at cancel_at_period_end proration_behavior proration_date billing_cycle_anchor default_tax_rates"
    )
    given = {name: details[name] for name in names.split() if name in details}
    if details.get("cancel_now"):
        now = account.now()
        for item in subscription["items"]["data"]:
            credit(account, subscription, item, -1, details.get("proration_date") or now)
        return bill(account, subscription, "subscription_update", [])
    if not given:
        return None
    before = subscription["latest_invoice"]
    after = subscriptions.update(
        account, Params(given | {"payment_behavior": "default_incomplete"}), subscription["id"]
    )
    if after["latest_invoice"] == before:
        return None
    return account.get("invoice", after["latest_invoice"]) | {"status": "draft", "number": None}


def _next(account: Account, subscription: Object) -> Object:
    span = period(subscription)
    stop = subscription["cancel_at"]
    account.frozen = min(span["end"], stop or span["end"])
    if stop and stop <= span["end"]:
        pending = account.find("invoiceitem", customer=subscription["customer"], invoice=None)
        if not any(parent_subscription(item) == subscription["id"] for item in pending):
            raise none_upcoming(subscription["customer"])
        return bill(account, subscription, "upcoming", [], (span["start"], account.frozen))
    renew(account, subscription)
    id = account.get("subscription", subscription["id"])["latest_invoice"]
    return account.get("invoice", id) | {"billing_reason": "upcoming"}


def none_upcoming(customer: str) -> StripeError:
    return StripeError(404, f"No upcoming invoices for customer: {customer}", code="invoice_upcoming_none")
