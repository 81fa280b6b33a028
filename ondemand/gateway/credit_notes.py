"""Credit notes as they stand at Stripe now. Amounts in minor units, instants in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import stripe

from ondemand.clock import instant
from ondemand.gateway.client import id_of, stripe_call


@dataclass(frozen=True)
class NoteLineFacts:
    """`amount` after discounts and with tax; `line` is empty where it is of no line of the invoice."""

    id: str
    line: str
    amount: int


@dataclass(frozen=True)
class CreditNoteFacts:
    id: str
    invoice: str
    number: str
    currency: str
    amount: int
    before_payment: int
    after_payment: int
    refunds: dict[str, int]
    state: str
    created_at: datetime
    lines: list[NoteLineFacts]


def fetch_credit_note(id: str) -> CreditNoteFacts:
    with stripe_call() as client:
        found = client.v1.credit_notes.retrieve(id)
        lines = list(found.lines.data)
        if found.lines.has_more:
            lines = list(client.v1.credit_notes.line_items.list(id, {"limit": 100}).auto_paging_iter())
        return _credit_note(found, lines)


def credit_notes_since(since: datetime | None) -> Iterator[CreditNoteFacts]:
    """All that were issued at or after an instant; None: all there are. Of each the first lines alone."""
    params: stripe.params.CreditNoteListParams = {"limit": 100}
    if since:
        params["created"] = {"gte": int(since.timestamp())}
    with stripe_call() as client:
        for found in client.v1.credit_notes.list(params).auto_paging_iter():
            yield _credit_note(found, found.lines.data)


def _credit_note(found: stripe.CreditNote, lines: list[stripe.CreditNoteLineItem]) -> CreditNoteFacts:
    return CreditNoteFacts(
        id=found.id,
        invoice=id_of(found.invoice),
        number=found.number,
        currency=found.currency.upper(),
        amount=found.total,
        before_payment=found.pre_payment_amount,
        after_payment=found.post_payment_amount,
        refunds={id_of(each.refund): each.amount_refunded for each in found.refunds if each.refund},
        state=found.status,
        created_at=instant(found.created),
        lines=[_line(line) for line in lines],
    )


def _line(line: stripe.CreditNoteLineItem) -> NoteLineFacts:
    tax = sum(each.amount for each in line.taxes or [] if each.tax_behavior == "exclusive")
    of = getattr(line, "invoice_line_item", None)  # Stripe leaves it out where the note says its own words
    return NoteLineFacts(line.id, of or "", line.amount - line.discount_amount + tax)
