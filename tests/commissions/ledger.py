"""One invoice of two lines, what was given back of it, and the rows of the diary that follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from commissions.models import Commission
from commissions.reasons import recomputed
from commissions.services.accrual import accrue
from customers.models import CreditNote, CreditNoteLine, Dispute, Invoice, InvoiceLine, Refund
from ondemand import clock
from ondemand.tenancy.context import as_worker
from tests import factories

BEGAN = datetime(2026, 3, 10, 12, tzinfo=UTC)
Rows = list[tuple[str, str, int]]


@dataclass
class Ledger:
    """Lines of 60.00 and 40.00 at 20 %. `now` moves as the test says; `seen` counts what a test has looked at."""

    invoice: Invoice
    lines: list[InvoiceLine]
    now: datetime = BEGAN
    seen: int = field(default=0)

    def on(self, month: int, day: int) -> Ledger:
        self.now = datetime(2026, month, day, 12, tzinfo=UTC)
        return self

    def paid(self, amount: int) -> None:
        """So much of the invoice is paid by now."""
        whole = amount == self.invoice.total
        with as_worker():
            Invoice.objects.filter(pk=self.invoice.pk).update(
                paid=amount,
                remaining=self.invoice.total - amount,
                state=Invoice.State.PAID if whole else Invoice.State.OPEN,
                paid_at=self.now if whole else None,
            )
            InvoiceLine.objects.filter(invoice=self.invoice).update(to_accrue=True)

    def refund(self, amount: int, state: str = "succeeded", id: str = "re_1") -> None:
        self._write(Refund, id, amount=amount, state=state)

    def note(self, amount: int, state: str = "issued", **more: Any) -> None:
        """After payment; of the first line where `of_line` says so."""
        of_line = more.pop("of_line", 0)
        parts = {"before_payment": 0, "after_payment": amount, "number": "F-1-CN-01", "refunds": {}} | more
        note = self._write(CreditNote, "cn_1", amount=amount, state=state, **parts)
        if of_line:
            key = {"partner_id": note.partner_id, "stripe_id": "cnli_1"}
            of = {"note": note, "line": self.lines[0], "amount": of_line, "currency": "EUR"}
            with as_worker():
                CreditNoteLine.objects.update_or_create(**key, defaults=of | {"customer_id": note.customer_id})

    def dispute(self, amount: int, state: str, *, withdrawn: int, closed: datetime | None = None) -> None:
        lasting = {"reason": "fraudulent", "withdrawn": withdrawn, "closed_at": closed}
        self._write(Dispute, "du_1", amount=amount, state=state, **lasting)

    def _write(self, model: Any, id: str, **fields: Any) -> Any:
        """As Stripe says it now; the day on which it was made stays."""
        key = {"partner_id": self.invoice.partner_id, "stripe_id": id}
        fields |= {"customer_id": self.invoice.customer_id, "invoice": self.invoice, "currency": "EUR"}
        with as_worker():
            made, _ = model.objects.update_or_create(
                **key, defaults=fields | {"to_accrue": True}, create_defaults=fields | {"created_at": self.now}
            )
        return made

    def rows(self) -> Rows:
        """Those that accrual writes now: kind, cause, amount, in their order."""
        accrue(now=self.now)
        accrue(now=self.now)
        found = [(row.kind, row.source_id.replace(self.invoice.stripe_id, "in"), row.amount) for row in self.diary()]
        with as_worker():
            assert [recomputed(row) for row in Commission.objects.order_by("pk")] == [amount for *_, amount in found]
        new, self.seen = found[self.seen :], len(found)
        return new

    def diary(self) -> list[Commission]:
        with as_worker():
            return list(Commission.objects.order_by("pk").select_related("line"))

    def earned(self) -> int:
        return sum(row.amount for row in self.diary())

    def last(self) -> tuple[date, date, date]:
        """Its day, the month it is booked in, and the day from which it is payable."""
        row = self.diary()[-1]
        return row.date, row.month, row.payable_on


def ledger(*, paid: int = 10_000) -> Ledger:
    plan = factories.make_plan(now=BEGAN)
    house = factories.make_house(code="iberia", product=plan.product, now=BEGAN)
    customer = factories.make_customer(house=house, plan=plan, now=BEGAN)
    invoice = factories.make_invoice(customer=customer, at=BEGAN, amounts=(6_000, 4_000), paid=paid)
    with as_worker():
        return Ledger(invoice, list(invoice.lines.order_by("position")))


def day(month: int, day_: int) -> date:
    return clock.business_day(datetime(2026, month, day_, 12, tzinfo=UTC))
