"""What was given back of an invoice takes back what was earned on it: refunds, credit notes after payment, lost
disputes; and what comes to nothing after all (a refund that fails, a note that is voided, money that comes back)
reinstates it (money.md, Commission).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Sum

from commissions.models import Commission
from customers.models import CreditNote, CreditNoteLine, Dispute, Invoice, InvoiceLine, Refund
from ondemand import clock
from ondemand.money import divide, split
from ondemand.tenancy.context import as_worker

CAUSES: tuple[Any, ...] = (Refund, CreditNote, Dispute)
BACK = (Commission.Kind.REVERSAL, Commission.Kind.REINSTATEMENT)


@dataclass(frozen=True)
class Cause:
    """What gives money back while it `holds`: so much of each line, by its id, and the rest of none in particular."""

    source_id: str
    day: date
    holds: bool
    of_lines: Counter[int]
    unnamed: int


def reverse_due(*, now: datetime, limit: int = 500) -> int:
    """The rows that refunds, notes and disputes lack which nobody has looked at. Returns how many were written."""
    with as_worker():
        waiting = [model.objects.filter(to_accrue=True).order_by("created_at", "id")[:limit] for model in CAUSES]
        invoices = dict.fromkeys(cause.invoice_id for rows in waiting for cause in rows)
    return sum(_reverse_invoice(invoice_id, now) for invoice_id in invoices)


def _reverse_invoice(invoice_id: int, now: datetime) -> int:
    with as_worker():
        invoice = Invoice.objects.get(pk=invoice_id)
        lines = list(invoice.lines.all())
        if any(line.to_accrue for line in lines):
            return 0  # what was earned is not written yet; the marks stay
        refunds, notes, disputes = (list(_locked(model, invoice)) for model in CAUSES)
        written = _Book(invoice, lines, now).take(_causes_of(refunds, notes, disputes))
        for model, found in zip(CAUSES, (refunds, notes, disputes), strict=True):
            model.objects.filter(pk__in=[row.pk for row in found]).update(to_accrue=False)
        return written


def _locked(model: Any, invoice: Invoice) -> Any:
    """Until the end, so that two workers write an invoice's rows one after the other, and no news loses its mark."""
    return model.objects.select_for_update().filter(partner_id=invoice.partner_id, invoice=invoice).order_by("id")


def _causes_of(refunds: list[Refund], notes: list[CreditNote], disputes: list[Dispute]) -> list[Cause]:
    """In their order. A refund that belongs to a note counts once, as the note."""
    of_notes = {refund for note in notes if note.state == CreditNote.State.ISSUED for refund in note.refunds}
    found = [(note.created_at, _note(note)) for note in notes]
    for refund in refunds:
        holds = refund.state == Refund.State.SUCCEEDED and refund.stripe_id not in of_notes
        found.append((refund.created_at, _unnamed(refund, refund.amount if holds else 0)))
    found += [(dispute.created_at, _unnamed(dispute, dispute.lost)) for dispute in disputes]
    return [cause for _, cause in sorted(found, key=lambda each: (each[0], each[1].source_id))]


def _unnamed(row: Refund | Dispute, amount: int) -> Cause:
    return Cause(row.stripe_id, clock.business_day(row.created_at), amount > 0, Counter(), amount)


def _note(note: CreditNote) -> Cause:
    """Of a note that is in part before payment, each line gives back its share of the part after it."""
    day, of_lines = clock.business_day(note.created_at), Counter[int]()
    if note.state != CreditNote.State.ISSUED or note.after_payment == 0:
        return Cause(note.stripe_id, day, False, of_lines, 0)
    lines = [line for line in note.lines.all() if line.line_id and line.amount > 0]
    for line, amount in zip(lines, split(_named(note, lines), [line.amount for line in lines]), strict=True):
        of_lines[line.line_id or 0] += amount
    return Cause(note.stripe_id, day, True, of_lines, note.after_payment - of_lines.total())


def _named(note: CreditNote, lines: list[CreditNoteLine]) -> int:
    """What of the part after payment is of those lines; all where the note is wholly of them."""
    return divide(note.after_payment * min(sum(line.amount for line in lines), note.amount), note.amount)


@dataclass
class _Book:
    """An invoice's rows of the diary: what each line had earned, and what was taken back of it so far."""

    invoice: Invoice
    lines: list[InvoiceLine]
    now: datetime
    written: list[Commission] = field(default_factory=list)

    def take(self, causes: Iterable[Cause]) -> int:
        """The rows of causes that hold and have none, or hold no more and have not given theirs back.

        Each brings the lines to what all that are counted give back: cumulative, so that parts are exact.
        """
        known = set(self._rows(BACK).values_list("kind", "source_id"))
        self.earned, self.back = self._sums([Commission.Kind.EARNING]), self._sums(BACK)
        reversed_, reinstated = ({source for kind, source in known if kind == each} for each in BACK)
        causes = list(causes)
        counted = [each for each in causes if each.source_id in reversed_ - reinstated]
        for cause in causes:
            if cause.holds and cause.source_id not in reversed_:
                counted.append(cause)
                self._write(Commission.Kind.REVERSAL, cause, counted, cause.day)
            elif not cause.holds and cause in counted:
                counted.remove(cause)
                self._write(Commission.Kind.REINSTATEMENT, cause, counted, clock.business_day(self.now))
        return len(Commission.objects.bulk_create(self.written, ignore_conflicts=True))

    def _write(self, kind: Commission.Kind, cause: Cause, counted: list[Cause], day: date) -> None:
        for line, returned in self._returned(counted):
            amount = -divide(self.earned[line.pk] * returned, line.gross) - self.back[line.pk]
            if amount:
                self.back[line.pk] += amount
                self.written.append(self._row(kind, cause, line, returned, amount, day))

    def _returned(self, counted: list[Cause]) -> Iterator[tuple[InvoiceLine, int]]:
        """Of each positive line, at most its gross. What names no line is spread, by largest remainder, over what
        is left of them."""
        lines = [line for line in self.lines if line.gross > 0]
        of_lines = sum((cause.of_lines for cause in counted), Counter[int]())
        named = [min(of_lines[line.pk], line.gross) for line in lines]
        left = [line.gross - taken for line, taken in zip(lines, named, strict=True)]
        shares = split(min(sum(cause.unnamed for cause in counted), sum(left)), left)
        for line, taken, share in zip(lines, named, shares, strict=True):
            yield line, taken + share

    def _row(
        self, kind: Commission.Kind, cause: Cause, line: InvoiceLine, returned: int, amount: int, day: date
    ) -> Commission:
        """`settled` of `due` is here what was given back of the line's gross. Payable no earlier than its earning."""
        earning = self._rows([Commission.Kind.EARNING]).filter(line=line).latest("id")
        return Commission(
            partner_id=earning.partner_id,
            customer_id=earning.customer_id,
            customer_name=earning.customer_name,
            kind=kind,
            line=line,
            invoice_number=earning.invoice_number,
            product_id=earning.product_id,
            source_id=cause.source_id,
            base=earning.base,
            settled=returned,
            due=line.gross,
            rate=earning.rate,
            terms_id=earning.terms_id,
            currency=earning.currency,
            amount=amount,
            date=day,
            month=clock.month_start(day),
            payable_on=max(earning.payable_on, day),
            created_at=self.now,
        )

    def _rows(self, kinds: Iterable[Commission.Kind]) -> Any:
        rows = Commission.objects.filter(partner_id=self.invoice.partner_id, line__invoice_id=self.invoice.pk)
        return rows.filter(kind__in=kinds).order_by()

    def _sums(self, kinds: Iterable[Commission.Kind]) -> Counter[int]:
        return Counter(dict(self._rows(kinds).values_list("line_id").annotate(sum=Sum("amount"))))
