"""Changes of a subscription's items, and what they credit and charge."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.billing import rounded_share
from ondemand.standins.stripe.catalogue import amount_of, is_usable, settle_inline
from ondemand.standins.stripe.core import assign, merged
from ondemand.standins.stripe.discounts import apply as apply_discounts
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.invoice_items import new_item
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.periods import earlier, later, period
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.tax_rates import rates
from ondemand.standins.stripe.words import day


def add_item(account: Account, subscription: Object, given: Params, at: str) -> Object:
    settle_inline(account, given)
    price = _recurring(account, given.need("price"), f"{at}[price]")
    items, quantity = subscription["items"]["data"], _quantity(given, 1, at)
    if items and price["currency"] != subscription["currency"]:
        raise invalid("All prices on a subscription must have the same `currency`.", f"{at}[price]")
    if any(item["price"]["id"] == price["id"] for item in items):
        raise invalid(f"Cannot add multiple subscription items with the same price: {price['id']}", f"{at}[price]")
    anchor = subscription["billing_cycle_anchor"]
    start = period(subscription)["start"] if items else max(subscription["start_date"], min(anchor, account.now()))
    end = anchor if anchor > start else later(start, price, anchor)
    item = account.new(
        "subscription_item", subscription=subscription["id"], price=_embedded(price), metadata={}, quantity=quantity,
        tax_rates=rates(account, given, "tax_rates"), discounts=[], current_period_start=start, current_period_end=end,
    )  # fmt: skip
    if "discounts" in given:
        apply_discounts(account, item, given)
    subscription["currency"] = price["currency"]
    items.append(assign(item, given, "metadata"))
    return item


def _quantity(given: Params, otherwise: int, at: str) -> int:
    quantity: int = given.get("quantity", otherwise)
    if quantity < 0:
        raise invalid("Invalid non-negative integer", f"{at}[quantity]", "parameter_invalid_integer")
    return quantity


def _embedded(price: Object) -> Object:
    return {name: value for name, value in price.items() if not name.startswith("_")}


def _recurring(account: Account, id: str, at: str) -> Object:
    price = account.get("price", id, at)
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            at,
        )
    if not is_usable(price):
        raise invalid(f"The price specified is inactive. This field only accepts active prices: {id}", at)
    return price


def change_item(account: Account, subscription: Object, given: Params, at: str, when: int | None) -> None:
    """With `when`, what is left of the period from then on is credited and charged anew."""
    if "id" not in given:
        item = add_item(account, subscription, given, at)
        return credit(account, subscription, item, 1, when) if when else None
    item = find_item(subscription, given["id"], f"{at}[id]")
    old = dict(item)
    if "price" in given:
        item["price"] = _embedded(_recurring(account, given["price"], f"{at}[price]"))
    item["quantity"] = _quantity(given, item["quantity"], at)
    if "metadata" in given:
        item["metadata"] = merged(item["metadata"], given["metadata"])
    if "tax_rates" in given:
        item["tax_rates"] = rates(account, given, "tax_rates")
    if "discounts" in given:
        apply_discounts(account, item, given)
    gone = given.get("deleted")
    if gone:
        remove(account, subscription, item)
    same = (item["price"]["id"], item["quantity"]) == (old["price"]["id"], old["quantity"])
    if when and (gone or not same):
        credit(account, subscription, old, -1, when)
        if not gone:
            credit(account, subscription, item, 1, when)
    return None


def charge_since(account: Account, subscription: Object, start: int) -> None:
    """The time from a start in the past until the first period, on the first invoice."""
    for item in subscription["items"]["data"]:
        end = item["current_period_start"]
        while end > start:
            begin = earlier(end, item["price"], subscription["billing_cycle_anchor"])
            span = {"current_period_start": begin, "current_period_end": end}
            credit(account, subscription, item | span, 1, max(begin, start))
            end = begin


def find_item(subscription: Object, id: str, at: str) -> Object:
    for item in subscription["items"]["data"]:
        if item["id"] == id:
            found: Object = item
            return found
    raise invalid(f"No such subscription item: '{id}'", at, "resource_missing")


def remove(account: Account, subscription: Object, item: Object) -> None:
    if len(subscription["items"]["data"]) == 1:
        raise invalid(
            "A subscription must have at least one active plan. If you would like to cancel the subscription, use the "
            "cancel endpoint instead."
        )
    subscription["items"]["data"].remove(item)
    account.delete(item)


def credit(account: Account, subscription: Object, item: Object, sign: int, when: int) -> None:
    """The part of the item's period after `when`: minus what was, plus what is."""
    start, end, price = item["current_period_start"], item["current_period_end"], item["price"]
    if not start <= when < end:
        return
    amount = rounded_share(amount_of(price, item["quantity"]), end - when, end - start) * sign
    product = account.get("product", price["product"])["name"]
    count = f"{item['quantity']} × " if item["quantity"] != 1 else ""
    pricing = {
        "type": "price_details", "unit_amount_decimal": price["unit_amount_decimal"],
        "price_details": {"price": price["id"], "product": price["product"]},
    }  # fmt: skip
    made = new_item(
        account, subscription["customer"], price["currency"], amount, pricing, quantity=item["quantity"],
        period={"start": when, "end": end}, subscription=subscription["id"], item=item["id"], proration=True,
        description=f"{'Remaining' if sign > 0 else 'Unused'} time on {count}{product} after {day(when)}",
    )  # fmt: skip
    made["proration_details"] = {"discount_amounts": []}
    made["tax_rates"] = item["tax_rates"] or subscription["default_tax_rates"]
    emit(account, "invoiceitem.created", account.save(made))
