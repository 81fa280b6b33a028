"""What an invoice adds up to: lines, discounts, taxes, the customer's balance."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ondemand.standins.stripe.account import Account
from ondemand.standins.stripe.shapes import Object

MINIMUM = 50  # what is less is not charged but carried on in the customer's balance


def recalculate(account: Account, invoice: Object) -> Object:
    lines = invoice["lines"]["data"]
    _discount(invoice, lines)
    for line in lines:
        line["taxes"] = [tax_of(line, rate) for rate in line.get("_rates", [])]
    extra = sum(t["amount"] for line in lines for t in line["taxes"] if t["tax_behavior"] == "exclusive")
    inside = sum(t["amount"] for line in lines for t in line["taxes"] if t["tax_behavior"] == "inclusive")
    subtotal = sum(line["amount"] for line in lines)
    invoice["total_taxes"] = _summed([t for line in lines for t in line["taxes"]])
    after = subtotal - sum(each["amount"] for each in invoice["total_discount_amounts"])
    invoice |= {
        "subtotal": subtotal, "subtotal_excluding_tax": subtotal - _inside_before_discount(lines),
        "total": after + extra, "total_excluding_tax": after - inside,
    }  # fmt: skip
    return _due(account, invoice)


def _due(account: Account, invoice: Object) -> Object:
    if invoice["status"] == "draft":
        invoice["starting_balance"] = account.get("customer", invoice["customer"])["balance"]
    due = invoice["total"] + invoice["starting_balance"]
    due = 0 if due < MINIMUM else due
    return invoice | {"amount_due": due, "amount_remaining": due - invoice["amount_paid"]}


def rounded(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _discount(invoice: Object, lines: list[Object]) -> None:
    """Those of the lines, then the invoice's in turn, over the lines that each applies to."""
    for line in lines:
        line["discount_amounts"] = []
    invoice["total_discount_amounts"] = []
    of_lines = [(discount, [line]) for line in lines for discount in line.get("_discounts", [])]
    for discount, over in of_lines + [(discount, lines) for discount in invoice.get("_discounts", [])]:
        shares = _shares(discount["_coupon"], [line for line in over if _applies(discount["_coupon"], line)])
        for line, amount in shares:
            line["discount_amounts"].append({"amount": amount, "discount": discount["id"]})
        total = sum(amount for _, amount in shares)
        invoice["total_discount_amounts"].append({"amount": total, "discount": discount["id"]})


def _applies(coupon: Object, line: Object) -> bool:
    products = (coupon.get("_applies_to") or {}).get("products")
    pricing = (line["pricing"] or {}).get("price_details") or {}
    return bool(line["discountable"]) and (not products or pricing.get("product") in products)


def _left(line: Object) -> int:
    return int(line["amount"] - sum(each["amount"] for each in line["discount_amounts"]))


def _shares(coupon: Object, lines: list[Object]) -> list[tuple[Object, int]]:
    left = [(line, _left(line)) for line in lines]
    if coupon["percent_off"] is not None:
        share = Decimal(str(coupon["percent_off"])) / 100
        return [(line, rounded(amount * share)) for line, amount in left]
    whole = sum(amount for _, amount in left)
    off, given = min(coupon["amount_off"], max(whole, 0)), 0
    parts: list[tuple[Object, int]] = []
    for line, amount in left:
        part = off * amount // whole if whole else 0
        parts.append((line, part))
        given += part
    if parts:
        parts[-1] = (parts[-1][0], parts[-1][1] + off - given)
    return parts


def tax_of(line: Object, rate: Object) -> Object:
    base, share = Decimal(_left(line)), Decimal(str(rate["percentage"])) / 100
    amount = rounded(base - base / (1 + share) if rate["inclusive"] else base * share)
    return {
        "amount": amount, "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]}, "taxability_reason": rate.get("_reason", "not_available"),
        "taxable_amount": _left(line) - amount if rate["inclusive"] else _left(line), "type": "tax_rate_details",
    }  # fmt: skip


def _inside_before_discount(lines: list[Object]) -> int:
    inside = 0
    for line in lines:
        for rate in line.get("_rates", []):
            if rate["inclusive"]:
                base = Decimal(line["amount"])
                inside += rounded(base - base / (1 + Decimal(str(rate["percentage"])) / 100))
    return inside


def _summed(taxes: list[Object]) -> list[Object]:
    sums: dict[Any, Object] = {}
    for tax in taxes:
        key = (tax["tax_rate_details"]["tax_rate"], tax["tax_behavior"], tax["taxability_reason"])
        if key in sums:
            sums[key]["amount"] += tax["amount"]
            sums[key]["taxable_amount"] += tax["taxable_amount"]
        else:
            sums[key] = dict(tax)
    return list(sums.values())


def discounted(amount: int, coupons: list[Object]) -> int:
    """What these coupons take off an amount, one after the other."""
    left = amount
    for coupon in coupons:
        share = coupon["percent_off"]
        left -= rounded(left * Decimal(str(share)) / 100) if share is not None else min(left, coupon["amount_off"])
    return amount - left
