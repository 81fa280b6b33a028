"""Why a commission is what it is: from the readings to the payment, computed again from what the row stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from commissions.models import Commission
from customers.models import InvoiceLine
from instances.models import UsageCycle, UsageReading
from ondemand.clock import usage_day
from ondemand.money import divide
from ondemand.portal import values
from ondemand.portal.tables import hundredths

COUNTED: Final = {
    UsageCycle.Meter.USERS: "users",
    UsageCycle.Meter.TERMINALS: "terminals",
    UsageCycle.Meter.DISK: "disk_mb",
}
WHOLE_RATE = 10_000


@dataclass(frozen=True)
class Step:
    title: str
    text: Any
    figure: str = ""
    url: str = ""


def recomputed(row: Commission) -> int | None:
    """The amount, in minor units, from the row's stored inputs and its line's earlier rows.

    None for an adjustment: its reason is a person's word. Sources: money.md, Commission.
    """
    if row.kind == Commission.Kind.EARNING:
        return earned_so_far(row) - before(row, Commission.Kind.EARNING)
    return None


def earned_so_far(row: Commission) -> int:
    """The settled share of the base at the rate, rounded once. Nothing due counts as settled in full."""
    settled, due = (row.settled, row.due) if row.due > 0 else (1, 1)
    return divide(row.base * settled * row.rate, due * WHOLE_RATE)


def before(row: Commission, kind: str) -> int:
    """What earlier rows of that kind made of the same line."""
    earlier = Commission.objects.for_partner(row.partner_id).filter(line_id=row.line_id, kind=kind, pk__lt=row.pk)
    return earlier.aggregate(total=Sum("amount"))["total"] or 0


class Reasons:
    """The steps for a row with its line, invoice and terms, and with the state that lists show."""

    def __init__(self, row: Any) -> None:
        self.row = row
        self.line: InvoiceLine | None = row.line

    def steps(self) -> Iterator[Step]:
        if self.line is not None:
            yield from self.readings(self.line)
            yield self.invoice_line(self.line)
            yield self.base(self.line)
        yield from self.amount()
        yield self.payment()
