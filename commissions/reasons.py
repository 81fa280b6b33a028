"""Why a commission is what it is: from the readings to the amount, computed again from what the row stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Sum
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from commissions.models import Commission
from commissions.services.reversing import BACK
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
    title: Any
    text: Any
    figure: str = ""
    url: str = ""


def recomputed(row: Commission) -> int | None:
    """The amount, in minor units, from the row's stored inputs and its line's earlier rows (money.md, Commission).

    None for what is no arithmetic of a line: caps and adjustments.
    """
    if row.kind == Commission.Kind.EARNING:
        return cumulative(row) - before(row, Commission.Kind.EARNING)
    if row.kind in BACK:
        return cumulative(row) - before(row, *BACK)
    return None


def cumulative(row: Commission) -> int:
    """What the line has come to with this row: earned of its base, or reversed of what it had earned."""
    due = max(row.due, 1)
    if row.kind in BACK:
        return -divide(before(row, Commission.Kind.EARNING) * row.settled, due)
    return divide(row.base * row.settled * row.rate, due * WHOLE_RATE)


def before(row: Commission, *kinds: str) -> int:
    """What earlier rows of those kinds made of the same line."""
    earlier = Commission.objects.for_partner(row.partner_id).filter(line_id=row.line_id, kind__in=kinds, pk__lt=row.pk)
    return earlier.aggregate(total=Sum("amount"))["total"] or 0


def steps_of(row: Commission) -> Iterator[Step]:
    """In order, up to the amount, for a row with its line, invoice and terms."""
    line: InvoiceLine | None = row.line
    if line is not None:
        yield from _readings(line)
        yield _invoice_line(line)
        yield from _money(row, line)
    else:
        yield Step(_("Entered by Openbravo"), row.source_id, values.money(row.amount, row.currency))
    yield from _agreement(row)


def _readings(line: InvoiceLine) -> Iterator[Step]:
    cycle = UsageCycle.objects.filter(partner_id=line.partner_id, pk=line.usage_cycle_id or 0).first()
    if cycle is None:
        return
    text = _("From {start} to {end}: at most {peak} on a day{when}; {included} are included, {billed} were billed.")
    yield Step(
        _("Readings: {meter}").format(meter=cycle.get_meter_display()),
        format_html(
            text,
            start=values.day(cycle.starts),
            end=values.day(cycle.ends),
            peak=values.number(cycle.peak),
            when=_peak_day(cycle),
            included=values.number(cycle.included),
            billed=values.number(cycle.billable),
        ),
        values.number(cycle.billable),
    )


def _peak_day(cycle: UsageCycle) -> Any:
    """The first day of the highest count; a usage day lies in the cycle that holds its end."""
    last = usage_day(cycle.ends - timedelta(microseconds=1)) - timedelta(days=1)
    days = (usage_day(cycle.starts) - timedelta(days=1), last)
    readings = UsageReading.objects.filter(
        partner_id=cycle.partner_id, instance_id=cycle.instance_id, day__range=days
    ).order_by(f"-{COUNTED[UsageCycle.Meter(cycle.meter)]}", "day")
    peak = readings.first()
    return format_html(_(" (first on {day})"), day=values.day(peak.day)) if peak else ""


def _invoice_line(line: InvoiceLine) -> Step:
    invoice = line.invoice
    title = _("Invoice {number}, line {place}").format(number=invoice, place=line.position + 1)
    text = _("{description}; quantity {quantity}").format(
        description=line.description, quantity=values.number(line.quantity)
    )
    return Step(title, text, values.money(line.amount, line.currency), invoice.page_url)


def _money(row: Commission, line: InvoiceLine) -> Iterator[Step]:
    def money(amount: int) -> str:
        return values.money(amount, row.currency)

    yield Step(_("Base"), _base_text(line), money(row.base))
    shares = {"settled": money(row.settled), "due": money(row.due)}
    if row.kind in BACK:
        yield Step(_("Given back"), _("{settled} of {due} that were charged for this line").format(**shares))
        earned = money(before(row, Commission.Kind.EARNING))
        yield Step(_("Earned before"), _("What this line had earned until then"), earned)
        return
    yield Step(_("Paid"), _("{settled} of the invoice's {due} were paid").format(**shares))
    yield _terms(row)


def _base_text(line: InvoiceLine) -> str:
    parts = [_("the line's amount {amount}").format(amount=values.money(line.amount, line.currency))]
    for words, amount in (
        (_("less discounts {amount}"), line.discount),
        (_("less credit {amount}"), line.credit),
        (_("less the tax inside it {amount}"), line.inclusive_tax),
    ):
        if amount:
            parts.append(words.format(amount=values.money(amount, line.currency)))
    return capfirst(", ".join(parts))


def _terms(row: Commission) -> Step:
    rate = _("{rate}%").format(rate=values.number(hundredths(row.rate)))
    if row.terms is None:
        return Step(_("Terms"), "", rate)
    of_invoice = _(
        "The rate for {product} in force on the invoice's date, agreed from {day}; payable after {hold} days"
    )
    of_credited = _("The rate for {product} of the line that is credited, agreed from {day}; payable after {hold} days")
    gives_back = row.line is not None and row.line.proration and row.line.amount < 0
    text = format_html(
        of_credited if gives_back else of_invoice,
        product=row.product,
        day=values.day(row.terms.starts),
        hold=row.terms.hold_days,
    )
    return Step(_("Terms"), text, rate)


def _agreement(row: Commission) -> Iterator[Step]:
    again = recomputed(row)
    if again is None:
        return
    yield Step(_("Rounding"), _sum_text(row), values.money(again, row.currency))
    if again == row.amount:
        yield Step(_("Check"), _("Computed again just now: it agrees with the commission."))
    else:
        stored = values.money(row.amount, row.currency)
        text = _("Computed again, it does not agree with the stored {amount}. Please write to Openbravo.")
        yield Step(_("Check"), text.format(amount=stored))


def _sum_text(row: Commission) -> str:
    """The formula with its numbers, rounded once, half away from zero; then what earlier rows took."""
    figures = {
        "settled": values.money(row.settled, row.currency),
        "due": values.money(max(row.due, 1), row.currency),
        "so_far": values.money(cumulative(row), row.currency),
    }
    if row.kind in BACK:
        earned = values.money(before(row, Commission.Kind.EARNING), row.currency)
        text = _("{earned} × {settled} ÷ {due}, rounded half away from zero: {so_far}").format(earned=earned, **figures)
        earlier = before(row, *BACK)
    else:
        rate, base = values.number(hundredths(row.rate)), values.money(row.base, row.currency)
        text = _("{base} × {settled} ÷ {due} × {rate}%, rounded half away from zero: {so_far}").format(
            base=base, rate=rate, **figures
        )
        earlier = before(row, Commission.Kind.EARNING)
    if not earlier:
        return text
    return _("{text}; less {earlier} from earlier rows of the same line").format(
        text=text, earlier=values.money(earlier, row.currency)
    )
