"""What gives money back on an invoice: refunds, credit notes after payment, lost disputes, and how much each does now
(money.md, Commission: Refunds and credit notes, Disputes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from customers.models import CreditNote, Dispute, Invoice, Refund
from customers.models.corrections import Correction
from ondemand import clock
from ondemand.money import divide, split

MODELS: tuple[Any, ...] = (Refund, CreditNote, Dispute)


@dataclass(frozen=True)
class Cause:
    """`amount`: what it gives back now. Of each line by its id so much as `of_lines` says, in proportion, where its
    `whole` is given back; the rest of no line in particular.
    """

    row: Correction
    day: date
    amount: int
    whole: int = 0
    of_lines: Counter[int] = field(default_factory=Counter)

    @property
    def source_id(self) -> str:
        return self.row.stripe_id

    @property
    def changed(self) -> bool:
        return self.amount != self.row.counted

    def named(self, amount: int) -> Counter[int]:
        """What of `amount` is of which line."""
        named = self.of_lines.total()
        if not named or not amount:
            return Counter()
        shares = split(divide(amount * min(named, self.whole), self.whole), list(self.of_lines.values()))
        return Counter(dict(zip(self.of_lines, shares, strict=True)))


def causes_of(invoice: Invoice) -> list[Cause]:
    """All there are; their rows stay locked, so that two workers write an invoice's rows one after the other, and no
    news loses its mark."""
    refunds, notes, disputes = (list(_locked(model, invoice)) for model in MODELS)
    return [*_refunds(refunds, notes), *_notes(notes, refunds), *map(_dispute, disputes)]


def _locked(model: Any, invoice: Invoice) -> Any:
    return model.objects.select_for_update().filter(partner_id=invoice.partner_id, invoice=invoice).order_by("id")


def _refunds(refunds: list[Refund], notes: list[CreditNote]) -> Iterator[Cause]:
    """What belongs to a note counts once, as the note."""
    of_notes = sum((Counter(note.refunds) for note in notes if note.state == CreditNote.State.ISSUED), Counter[str]())
    for refund in refunds:
        own = max(refund.amount - of_notes[refund.stripe_id], 0)
        holds = refund.state == Refund.State.SUCCEEDED
        yield Cause(refund, clock.business_day(refund.created_at), own if holds else 0)


def _notes(notes: list[CreditNote], refunds: list[Refund]) -> Iterator[Cause]:
    """Of a note that is in part before payment, each line gives back its share of the part after it; and of that
    part, what a refund that failed did not give back after all is not given back."""
    failed = {refund.stripe_id for refund in refunds if refund.state in Refund.FAILED}
    for note in notes:
        holds = note.state == CreditNote.State.ISSUED
        kept = sum(amount for refund, amount in note.refunds.items() if refund in failed)
        of_lines = Counter[int]()
        for line in note.lines.all():
            if line.line_id and line.amount > 0:
                of_lines[line.line_id] += line.amount
        amount = max(note.after_payment - kept, 0) if holds else 0
        yield Cause(note, clock.business_day(note.created_at), amount, note.amount, of_lines)


def _dispute(dispute: Dispute) -> Cause:
    """It takes on the day on which it is lost."""
    return Cause(dispute, clock.business_day(dispute.closed_at or dispute.created_at), dispute.lost)
