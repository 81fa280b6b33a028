"""Many lines of a draft at once: added, changed, taken out."""

from __future__ import annotations

from ondemand.standins.stripe import invoice_items
from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.core import merged, operation
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.lines import add_items, draft, item_of, take_out, update_one
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object


@operation("POST /v1/invoices/{invoice}/add_lines")
def add(account: Account, params: Params, id: str) -> Object:
    """New ones, or items that are pending."""
    invoice = draft(account, id, "id")
    for given in params["lines"]:
        if "invoice_item" in given:
            item = account.get("invoiceitem", given["invoice_item"], "lines[invoice_item]")
            add_items(account, account.get("invoice", id), [item])
        else:
            of = {"customer": invoice["customer"], "invoice": id}
            of |= {} if {"pricing", "price_data"} & set(given) else {"currency": invoice["currency"]}
            plain = {name: given[name] for name in given}
            invoice_items.create(account, Params(plain | of))
    return _noted(account, id, params)


@operation("POST /v1/invoices/{invoice}/update_lines")
def update(account: Account, params: Params, id: str) -> Object:
    draft(account, id, "id")
    for given in params["lines"]:
        update_one(account, id, given["id"], given)
    return _noted(account, id, params)


@operation("POST /v1/invoices/{invoice}/remove_lines")
def remove(account: Account, params: Params, id: str) -> Object:
    """What is removed is deleted, or waits for another invoice."""
    for given in params["lines"]:
        invoice = draft(account, id, "id")
        line = next((each for each in invoice["lines"]["data"] if each["id"] == given["id"]), None)
        if line is None or not (name := item_of(line)):
            raise invalid(f"No such line item: '{given['id']}'", "lines", "resource_missing")
        item = account.get("invoiceitem", name)
        take_out(account, item)
        if given["behavior"] == "delete":
            account.delete(item)
        else:
            account.save(item | {"invoice": None})
    return _noted(account, id, params)


def _noted(account: Account, id: str, params: Params) -> Object:
    invoice = account.get("invoice", id)
    if "invoice_metadata" in params:
        invoice["metadata"] = merged(invoice["metadata"], params["invoice_metadata"])
    return account.save(invoice)
