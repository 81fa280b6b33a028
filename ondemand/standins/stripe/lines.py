"""An invoice's lines."""

from __future__ import annotations

from decimal import Decimal

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import merged, operation, page
from ondemand.standins.stripe.errors import StripeError, invalid
from ondemand.standins.stripe.events import emit
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.tax_rates import rates
from ondemand.standins.stripe.totals import recalculate, rounded


def draft(account: Account, id: str, param: str = "invoice") -> Object:
    invoice = account.get("invoice", id, param)
    if invoice["status"] != "draft":
        raise invalid("This invoice is no longer a draft, so it cannot be changed.", code="invoice_not_editable")
    return invoice


def add_line(account: Account, invoice: Object, **values: object) -> Object:
    """Totals are not brought up to date: that is done once, after the last line."""
    line = account.new(
        "line_item", save=False, invoice=invoice["id"], currency=invoice["currency"],
        **{"metadata": {}, "discountable": True, "discounts": [], "discount_amounts": [], "pretax_credit_amounts": [],
           "taxes": [], "_rates": [], **values},
    )  # fmt: skip
    line["subtotal"] = line["amount"]
    line["_rates"] = line["_rates"] or invoice.get("_rates", [])
    invoice["lines"]["data"].append(line)
    return line


def add_items(account: Account, invoice: Object, found: list[Object]) -> None:
    for item in found:
        if item["currency"] != invoice["currency"]:
            raise invalid(
                f"The currency of the invoice item ({item['currency']}) differs from the invoice's "
                f"({invoice['currency']}).", "currency",
            )  # fmt: skip
        item["invoice"] = invoice["id"]
        add_line(account, invoice, **_of_item(item))
        account.save(item)
    account.save(recalculate(account, invoice))


def _of_item(item: Object) -> Object:
    subscription, changed_item = parent_subscription(item), (item["parent"] or {}).get("subscription_details") or {}
    details = {
        "invoice_item": item["id"], "proration": item["proration"], "subscription": subscription,
        "proration_details": {"credited_items": None} if item["proration"] else None,
    }  # fmt: skip
    kind = "invoice_item_details"
    if item["proration"] and "subscription_item" in changed_item:
        kind, details["subscription_item"] = "subscription_item_details", changed_item["subscription_item"]
    parent = {"type": kind, "invoice_item_details": None, "subscription_item_details": None} | {kind: details}
    plain = "amount description period quantity quantity_decimal pricing discountable".split()
    return {n: item[n] for n in plain} | {
        "subscription": subscription, "parent": parent, "metadata": dict(item["metadata"]), "_rates": item["tax_rates"],
        "_discounts": item.get("_discounts", []), "discounts": item["discounts"],
    }  # fmt: skip


def refresh(account: Account, item: Object) -> None:
    """An invoice item on a draft was changed: its line follows."""
    invoice = draft(account, item["invoice"])
    for line in invoice["lines"]["data"]:
        if item_of(line) == item["id"]:
            line |= _of_item(item) | {
                "subtotal": item["amount"],
                "_rates": item["tax_rates"] or line["_rates"],
            }
    emit(account, "invoice.updated", account.save(recalculate(account, invoice)))


def take_out(account: Account, item: Object) -> None:
    invoice = draft(account, item["invoice"])
    invoice["lines"]["data"] = [line for line in invoice["lines"]["data"] if item_of(line) != item["id"]]
    emit(account, "invoice.updated", account.save(recalculate(account, invoice)))


def item_of(line: Object) -> str | None:
    details = line["parent"]["invoice_item_details"] or line["parent"]["subscription_item_details"]
    return details["invoice_item"] if details else None


def parent_subscription(obj: Object) -> str | None:
    """The subscription of an invoice or of an invoice item."""
    details = obj["parent"]["subscription_details"] if obj["parent"] else None
    return details["subscription"] if details else None


def pull_pending(account: Account, invoice: Object, subscription: str | None = None) -> None:
    """Items without a subscription go on the customer's next invoice; those with one wait for its own."""
    found = account.find("invoiceitem", customer=invoice["customer"], invoice=None)
    add_items(
        account, invoice,
        [i for i in found if i["currency"] == invoice["currency"] and parent_subscription(i) in (None, subscription)],
    )  # fmt: skip


@operation("GET /v1/invoices/{invoice}/lines")
def list_lines(account: Account, params: Params, id: str) -> Object:
    return page(account.get("invoice", id)["lines"]["data"], f"/v1/invoices/{id}/lines", params)


@operation("POST /v1/invoices/{invoice}/lines/{line_item_id}")
def update_line(account: Account, params: Params, invoice_id: str, id: str) -> Object:
    return update_one(account, invoice_id, id, params)


def _reprice(line: Object, params: Params) -> None:
    unit = Decimal((line["pricing"] or {}).get("unit_amount_decimal") or line["amount"])
    quantity = params.get("quantity", 1 if "amount" in params else line["quantity"])
    line["amount"] = params.get("amount", rounded(unit * quantity))
    line |= {"quantity": quantity, "quantity_decimal": str(quantity), "subtotal": line["amount"]}
    if "amount" in params:
        line["pricing"] = {"type": "price_details", "unit_amount_decimal": str(line["amount"])}


def update_one(account: Account, invoice_id: str, id: str, params: Params) -> Object:
    invoice = draft(account, invoice_id)
    line: Object | None = next((each for each in invoice["lines"]["data"] if each["id"] == id), None)
    if line is None:
        raise StripeError(404, f"No such line item: '{id}'", param="line_item_id", code="resource_missing")
    for name in ("description", "discountable", "period"):
        if name in params:
            line[name] = params.plain(name)
    if "tax_rates" in params:
        line["_rates"] = rates(account, params, "tax_rates")
    if "amount" in params or "quantity" in params:
        _reprice(line, params)
    if "metadata" in params:
        line["metadata"] = merged(line["metadata"], params["metadata"])
    emit(account, "invoice.updated", account.save(recalculate(account, invoice)))
    return line
