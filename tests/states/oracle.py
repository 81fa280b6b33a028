"""What a customer was invoiced and paid, and what the partner earns of it, counted anew from what Stripe says and from
money.md alone. Imports nothing of the product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import stripe

ISSUED = ("open", "paid", "uncollectible")
Sums = dict[str, int]


def rounded(exact: Fraction) -> int:
    """Half away from zero."""
    whole, rest = divmod(abs(exact), 1)
    up = int(whole) + (rest >= Fraction(1, 2))
    return up if exact >= 0 else -up


def shared(amount: int, weights: list[int]) -> list[int]:
    """By largest remainder, the earlier first."""
    if not amount:
        return [0] * len(weights)
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    parts = [int(each) for each in exact]
    for n in sorted(range(len(weights)), key=lambda n: (parts[n] - exact[n], n))[: amount - sum(parts)]:
        parts[n] += 1
    return parts


class Line:
    def __init__(self, line: Any, rates: Mapping[str, Fraction]) -> None:
        taxes = line.taxes or []
        off = sum(each.amount for each in line.discount_amounts or [])
        inside = sum(tax.amount for tax in taxes if tax.tax_behavior == "inclusive")
        outside = sum(tax.amount for tax in taxes if tax.tax_behavior == "exclusive")
        priced = line.pricing and line.pricing.price_details
        self.id: str = line.id
        self.base: int = line.amount - off - inside
        self.gross: int = line.amount - off + outside
        self.rate = rates.get(priced.price if priced else "", Fraction(0))


@dataclass
class Oracle:
    """`rates`: of the price of a line, what is earned of it."""

    v1: Any
    rates: Mapping[str, Fraction]

    def says(self, customer: str) -> dict[str, Any]:
        """By currency, but the states of the invoices."""
        found = self.v1.invoices.list({"customer": customer, "limit": 100, "expand": ["data.payments"]}).data
        issued = [each for each in found if each.status in ISSUED]
        return {
            "states": {each.id: each.status for each in found},
            "invoiced": _by_currency(issued, lambda each: each.total),
            "paid": _by_currency(issued, lambda each: each.amount_paid),
            "commission": _by_currency(issued, self.commission),
        }

    def commission(self, invoice: stripe.Invoice) -> int:
        lines = [Line(each, self.rates) for each in invoice.lines.data]
        share = self.settled(invoice)
        earned = {line.id: rounded(line.base * share * line.rate) for line in lines}
        back = self.returned(invoice, [line for line in lines if line.gross > 0])
        return sum(
            earned[line.id] - rounded(Fraction(earned[line.id] * back.get(line.id, 0), max(line.gross, 1)))
            for line in lines
        )

    def settled(self, invoice: stripe.Invoice) -> Fraction:
        """What a note took off before payment was never earned."""
        if invoice.status != "paid" and not invoice.amount_paid:
            return Fraction(0)
        owed = 0 if invoice.status == "paid" else invoice.amount_remaining
        return Fraction(invoice.total - invoice.pre_payment_credit_notes_amount - owed, invoice.total or 1)

    def returned(self, invoice: stripe.Invoice, lines: list[Line]) -> Sums:
        named, unnamed = Counter[str](), 0
        refunds, linked = self.refunds(invoice), Counter[str]()
        for note in self.v1.credit_notes.list({"invoice": invoice.id, "limit": 100}).data:
            if note.status != "issued":
                continue
            amounts = {each.refund: each.amount_refunded for each in note.refunds}
            linked.update(amounts)
            back = note.post_payment_amount - sum(
                amount for id, amount in amounts.items() if refunds[id].status in ("failed", "canceled")
            )
            of_lines = _of_lines(note)
            weight = min(sum(of_lines.values()), note.total)
            parts = shared(rounded(Fraction(back * weight, note.total)), list(of_lines.values())) if of_lines else []
            named.update(dict(zip(of_lines, parts, strict=True)))
            unnamed += back - sum(parts)
        unnamed += sum(each.amount - linked[id] for id, each in refunds.items() if each.status == "succeeded")
        unnamed += self.lost(invoice)
        taken = [min(named[line.id], line.gross) for line in lines]
        left = [line.gross - each for line, each in zip(lines, taken, strict=True)]
        rest = shared(min(unnamed, sum(left)), left)
        return {line.id: a + b for line, a, b in zip(lines, taken, rest, strict=True)}

    def refunds(self, invoice: stripe.Invoice) -> dict[str, Any]:
        found = [each for id in _intents(invoice) for each in self.v1.refunds.list({"payment_intent": id}).data]
        return {each.id: each for each in found}

    def lost(self, invoice: stripe.Invoice) -> int:
        found = [each for id in _intents(invoice) for each in self.v1.disputes.list({"payment_intent": id}).data]
        moved = [each.balance_transactions for each in found if each.status == "lost"]
        taken: int = -sum(each.amount for rows in moved for each in rows)
        return taken


def _intents(invoice: stripe.Invoice) -> list[str]:
    found = invoice.payments.data if invoice.payments else []
    return [str(each.payment.payment_intent) for each in found if each.status == "paid"]


def _of_lines(note: Any) -> Sums:
    found = Counter[str]()
    for line in note.lines.data:
        if line.type == "invoice_line_item":
            outside = sum(tax.amount for tax in line.taxes or [] if tax.tax_behavior == "exclusive")
            found[line.invoice_line_item] += line.amount - line.discount_amount + outside
    return found


def _by_currency(invoices: list[stripe.Invoice], amount: Any) -> Sums:
    found = Counter[str]()
    for each in invoices:
        found[each.currency.upper()] += amount(each)
    return {currency: total for currency, total in found.items() if total}
