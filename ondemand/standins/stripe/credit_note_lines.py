"""What a credit note takes back, line by line, with its share of discounts and taxes."""

from __future__ import annotations

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.billing import rounded_share
from ondemand.standins.stripe.errors import invalid
from ondemand.standins.stripe.params import Params
from ondemand.standins.stripe.shapes import Object
from ondemand.standins.stripe.tax_rates import rates
from ondemand.standins.stripe.totals import tax_of


def lines_of(account: Account, invoice: Object, params: Params) -> list[Object]:
    given = params.get("lines")
    if (given is None) == ("amount" not in params):
        raise invalid("You must provide exactly one of `amount` and `lines`.", "amount", "parameter_missing")
    if given is None:
        return [_custom(account, params["amount"], 1, params["amount"], "Credit")]
    return [_line(account, invoice, each, n) for n, each in enumerate(given)]


def _line(account: Account, invoice: Object, given: Params, n: int) -> Object:
    if given["type"] == "custom_line_item":
        unit, quantity = given.need("unit_amount"), given.get("quantity", 1)
        made = _custom(account, unit * quantity, quantity, unit, given.get("description", ""))
        made["tax_rates"] = rates(account, given, "tax_rates")
        return made | {"taxes": [tax_of(made, rate) for rate in made["tax_rates"]]}
    id = given.need("invoice_line_item")
    line: Object | None = next((each for each in invoice["lines"]["data"] if each["id"] == id), None)
    if line is None:
        raise invalid(f"No such invoice line item: '{id}'", f"lines[{n}][invoice_line_item]", "resource_missing")
    return _of_line(account, line, given, n)


def _of_line(account: Account, line: Object, given: Params, n: int) -> Object:
    if "amount" in given:
        amount, quantity = given["amount"], None
    else:
        quantity = given.get("quantity", line["quantity"])
        amount = rounded_share(line["amount"], quantity, line["quantity"] or 1)
    if not 0 < amount <= line["amount"] - _credited(account, line):
        raise invalid("The credited amount is greater than what is left of the line's.", f"lines[{n}][amount]")
    discounts = [each | {"amount": rounded_share(each["amount"], amount, line["amount"])}
                 for each in line["discount_amounts"]]  # fmt: skip
    shares = ("amount", "taxable_amount")
    taxes = [tax | {name: rounded_share(tax[name], amount, line["amount"]) for name in shares} for tax in line["taxes"]]
    return account.new(
        "credit_note_line_item", save=False, amount=amount, quantity=quantity, type="invoice_line_item",
        invoice_line_item=line["id"], description=line["description"], discount_amounts=discounts, taxes=taxes,
        discount_amount=sum(each["amount"] for each in discounts), metadata={},
    )  # fmt: skip


def _credited(account: Account, line: Object) -> int:
    notes = account.find("credit_note", invoice=line["invoice"], status="issued")
    before = [each for note in notes for each in note["lines"]["data"]]
    return sum(each["amount"] for each in before if each.get("invoice_line_item") == line["id"])


def _custom(account: Account, amount: int, quantity: int, unit: int, description: str) -> Object:
    return account.new(
        "credit_note_line_item", save=False, amount=amount, quantity=quantity, unit_amount=unit, taxes=[],
        unit_amount_decimal=str(unit), type="custom_line_item", description=description, metadata={},
    )  # fmt: skip
