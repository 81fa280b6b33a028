"""What was given back of an invoice takes back what was earned on it, and what comes to nothing after all reinstates
it: a refund that fails, a note that is voided, money that comes back after a lost dispute (money.md, Commission).

By difference: a row brings its line to round(earned × returned so far ÷ gross), and its sign says whether it reverses
or reinstates. Its source is what made the difference: the refund, note or dispute, or the payment by which more was
earned on what had been given back already. A cause that changes its mind has several rows: re_1, re_1#2, re_1#3. The
number counts what it has on the line, so two workers that see the same write the same key, and the database one row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Sum

from commissions.models import Commission
from commissions.months import booked_in
from commissions.services.causes import MODELS, Cause, causes_of
from customers.models import Invoice, InvoiceLine
from ondemand import clock
from ondemand.money import divide, split
from ondemand.tenancy.context import as_worker

BACK = (Commission.Kind.REVERSAL, Commission.Kind.REINSTATEMENT)


def look_again(invoices: Iterable[int]) -> None:
    """More was earned on these: what was given back of them takes its part. The caller opens the scope."""
    for model in MODELS:
        model.objects.filter(invoice_id__in=set(invoices)).exclude(counted=0).update(to_accrue=True)


def reverse_due(*, now: datetime, limit: int = 500) -> int:
    """The rows that refunds, notes and disputes lack which nobody has looked at. Returns how many were written."""
    with as_worker():
        waiting = [model.objects.filter(to_accrue=True).order_by("created_at", "id")[:limit] for model in MODELS]
        invoices = dict.fromkeys(cause.invoice_id for rows in waiting for cause in rows)
    return sum(_reverse_invoice(invoice_id, now) for invoice_id in invoices)


def _reverse_invoice(invoice_id: int, now: datetime) -> int:
    with as_worker():
        invoice = Invoice.objects.get(pk=invoice_id)
        causes = causes_of(invoice)
        lines = list(invoice.lines.all())
        if any(line.to_accrue for line in lines):
            return 0  # what was earned is not written yet; the marks stay
        written = _Book(invoice, lines, now).take(causes)
        for cause in causes:
            type(cause.row)._default_manager.filter(pk=cause.row.pk).update(to_accrue=False, counted=cause.amount)
        return written


@dataclass
class _Book:
    """An invoice's rows of the diary: what each line had earned, and what was taken back of it so far."""

    invoice: Invoice
    lines: list[InvoiceLine]
    now: datetime
    written: list[Commission] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.earned, self.back = self._sums([Commission.Kind.EARNING]), self._sums(BACK)
        sources = self._rows(BACK).values_list("line_id", "source_id")
        self.rows_of = Counter((line, source.partition("#")[0]) for line, source in sources)

    def take(self, causes: list[Cause]) -> int:
        """First what more was earned, then each cause that gives back another amount than it did when last looked
        at, those that give back less before those that give back more."""
        counted = [(cause, cause.row.counted) for cause in causes]
        self._write(counted)
        changed = [cause for cause in causes if cause.changed]
        for cause in sorted(changed, key=lambda each: (each.amount > each.row.counted, each.day, each.source_id)):
            counted = [(each, each.amount if each is cause else amount) for each, amount in counted]
            self._write(counted, cause)
        return len(Commission.objects.bulk_create(self.written, ignore_conflicts=True))

    def _write(self, counted: list[tuple[Cause, int]], cause: Cause | None = None) -> None:
        for line, returned in self._returned(counted):
            amount = -divide(self.earned[line.pk] * returned, line.gross) - self.back[line.pk]
            if amount:
                self.back[line.pk] += amount
                self.written.append(self._row(line, returned, amount, cause))

    def _returned(self, counted: list[tuple[Cause, int]]) -> Iterator[tuple[InvoiceLine, int]]:
        """Of each positive line, at most its gross. What names no line is spread, by largest remainder, over what
        is left of them."""
        lines = [line for line in self.lines if line.gross > 0]
        of_lines = sum((cause.named(amount) for cause, amount in counted), Counter[int]())
        unnamed = sum(amount for _, amount in counted) - of_lines.total()
        named = [min(of_lines[line.pk], line.gross) for line in lines]
        left = [line.gross - taken for line, taken in zip(lines, named, strict=True)]
        shares = split(min(unnamed, sum(left)), left)
        for line, taken, share in zip(lines, named, shares, strict=True):
            yield line, taken + share

    def _row(self, line: InvoiceLine, returned: int, amount: int, cause: Cause | None) -> Commission:
        """`settled` of `due` is here what was given back of the line's gross. Payable no earlier than its earning."""
        earning = self._rows([Commission.Kind.EARNING]).filter(line=line).latest("id")
        day = self._day(cause, earning, amount)
        return Commission(
            partner_id=earning.partner_id,
            customer_id=earning.customer_id,
            customer_name=earning.customer_name,
            kind=Commission.Kind.REVERSAL if amount < 0 else Commission.Kind.REINSTATEMENT,
            line=line,
            invoice_number=earning.invoice_number,
            product_id=earning.product_id,
            source_id=self._key(line, cause) if cause else earning.source_id,
            base=earning.base,
            settled=returned,
            due=line.gross,
            rate=earning.rate,
            terms_id=earning.terms_id,
            currency=earning.currency,
            amount=amount,
            date=day,
            month=booked_in(day, now=self.now),
            payable_on=max(earning.payable_on, day),
            created_at=self.now,
        )

    def _day(self, cause: Cause | None, earning: Commission, amount: int) -> date:
        if cause is None:
            return earning.date
        return cause.day if amount < 0 else clock.business_day(self.now)

    def _key(self, line: InvoiceLine, cause: Cause) -> str:
        self.rows_of[line.pk, cause.source_id] += 1
        number = self.rows_of[line.pk, cause.source_id]
        return cause.source_id if number == 1 else f"{cause.source_id}#{number}"

    def _rows(self, kinds: Iterable[Commission.Kind]) -> Any:
        rows = Commission.objects.filter(partner_id=self.invoice.partner_id, line__invoice_id=self.invoice.pk)
        return rows.filter(kind__in=kinds).order_by()

    def _sums(self, kinds: Iterable[Commission.Kind]) -> Counter[int]:
        return Counter(dict(self._rows(kinds).values_list("line_id").annotate(sum=Sum("amount"))))
