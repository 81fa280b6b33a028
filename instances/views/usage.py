"""What was used on an instance: cycle by cycle, and day by day within one, with what of it is billed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.models import Invoice, InvoiceLine
from instances.models import Instance, Rest, UsageCycle, UsageReading
from instances.tables import CyclesTable, CyclesWithoutMoney, DaysTable, MetersTable, MetersWithoutMoney
from ondemand import clock
from ondemand.portal import values
from ondemand.portal.detail import DetailScreen, Facts, Rows
from ondemand.scopes import SUPPORT, partner_id_of, sees_money

MOST_CYCLES = 37
BASE_ONLY = _("Suspended: base price only")
COUNTS = {
    UsageCycle.Meter.USERS: "users",
    UsageCycle.Meter.TERMINALS: "terminals",
    UsageCycle.Meter.DISK: "disk_gb",
}
Cycle = tuple[datetime, datetime]


class UsageDetail(DetailScreen):
    back = (_("App Instances"), "instances")
    roles: ClassVar[frozenset[str] | None] = SUPPORT

    def rows(self, request: HttpRequest) -> QuerySet[Instance]:
        return Instance.objects.for_partner(partner_id_of(request)).select_related("subscription", "plan")

    def title(self, row: Instance) -> str:
        return gettext("Usage of %(name)s") % {"name": row.name}

    def sections(self, row: Instance) -> Sequence[Facts | Rows]:
        return usage_sections(row, self.request.GET.get("cycle", ""), clock.now(), money=self.has_amounts())

    def has_amounts(self) -> bool:
        return sees_money(self.request)


@dataclass(frozen=True)
class CycleRow:
    """Peaks, None where nothing was reported; `url` leads to its days."""

    text: str
    url: str
    users: int | None
    terminals: int | None
    disk_gb: int | None
    amount: int | None
    currency: str


@dataclass(frozen=True)
class MeterRow:
    meter: str
    peak: int
    on: str
    included: int
    billable: int
    each: int
    amount: int
    currency: str
    invoice: str


@dataclass(frozen=True)
class DayRow:
    """A day with a reading, or several without."""

    day: str
    users: int | None
    terminals: int | None
    disk_gb: int | None
    received_at: datetime | None


def usage_sections(row: Instance, asked: str, at: datetime, *, money: bool) -> list[Rows]:
    """`asked`: the day on which a cycle begins, in UTC; the newest without. Raises Http404 for one that is none."""
    newest_first = row.subscription.cycles(row.created_at, row.ended_at or at)[:MOST_CYCLES]
    found = [cycle for cycle in newest_first if key_of(cycle) == asked] if asked else newest_first
    if not found:
        raise Http404
    counted = UsageCycle.objects.filter(partner_id=row.partner_id, instance_id=row.pk)
    by_start: dict[datetime, list[UsageCycle]] = {}
    for each in counted.order_by("-meter"):
        by_start.setdefault(each.starts, []).append(each)
    mine, readings = by_start.get(found[0][0], []), readings_of(row, found[0])
    rest, span = row.suspensions.rest(), {"cycle": span_text(found[0])}
    resting = {key_of(each) for each in newest_first if rest.holds_all(lived_days(row, each, at))}
    return [
        Rows(
            gettext("What is billed: %(cycle)s") % span,
            (MetersTable if money else MetersWithoutMoney)(list(meter_rows(mine, counted_days(readings, rest), at))),
            BASE_ONLY
            if key_of(found[0]) in resting
            else _("Nothing was reported in this cycle, so there is nothing to bill but the base price."),
        ),
        Rows(
            gettext("Day by day: %(cycle)s") % span,
            DaysTable(list(day_rows(lived_days(row, found[0], at), readings, rest))),
            _("The cycle's first day has not ended yet."),
        ),
        Rows(
            _("Billing cycles"),
            (CyclesTable if money else CyclesWithoutMoney)(
                [
                    cycle_row(each, by_start.get(each[0], []), row.plan.currency, key_of(each) in resting)
                    for each in newest_first
                ]
            ),
        ),
    ]


def key_of(cycle: Cycle) -> str:
    return clock.usage_day(cycle[0]).isoformat()


def span_text(cycle: Cycle) -> str:
    """As the zone's calendar has it; the last day is the one before the next begins."""
    first, last = clock.business_day(cycle[0]), clock.business_day(cycle[1] - timedelta(hours=2))
    return f"{values.day_text(first)} – {values.day_text(last)}"


def readings_of(row: Instance, cycle: Cycle) -> dict[date, UsageReading]:
    days = clock.usage_days(*cycle)
    mine = UsageReading.objects.filter(partner_id=row.partner_id, instance_id=row.pk)
    return {each.day: each for each in mine.filter(day__gte=days[0], day__lte=days[-1])} if days else {}


def lived_days(row: Instance, cycle: Cycle, at: datetime) -> list[date]:
    """Newest first; today is the last that may be reported."""
    first, last = clock.usage_day(row.created_at), clock.usage_day(row.ended_at or at)
    return [day for day in reversed(clock.usage_days(*cycle)) if first <= day <= last]


def counted_days(readings: dict[date, UsageReading], rest: Rest) -> dict[date, UsageReading]:
    return {day: reading for day, reading in readings.items() if not rest.holds(day)}


def cycle_row(cycle: Cycle, counted: list[UsageCycle], currency: str, resting: bool) -> CycleRow:
    peaks = {COUNTS[UsageCycle.Meter(each.meter)]: each.peak for each in counted}
    return CycleRow(
        text=f"{span_text(cycle)} · {BASE_ONLY}" if resting else span_text(cycle),
        url=f"?cycle={key_of(cycle)}",
        users=peaks.get("users"),
        terminals=peaks.get("terminals"),
        disk_gb=peaks.get("disk_gb"),
        amount=sum(each.amount for each in counted) if counted else None,
        currency=currency,
    )


def meter_rows(counted: list[UsageCycle], readings: dict[date, UsageReading], at: datetime) -> Iterator[MeterRow]:
    numbers = invoice_numbers(counted)
    for each in counted:
        name = COUNTS[UsageCycle.Meter(each.meter)]
        highest = [day for day, reading in sorted(readings.items()) if getattr(reading, name) == each.peak]
        yield MeterRow(
            meter=capfirst(each.get_meter_display()),
            peak=each.peak,
            on=values.day(highest[0]) if highest and each.peak else "",
            included=each.included,
            billable=each.billable,
            each=each.unit_amount,
            amount=each.amount,
            currency=each.currency,
            invoice=invoiced(each, numbers.get(each.pk, []), at),
        )


def invoice_numbers(counted: list[UsageCycle]) -> dict[int, list[str]]:
    lines = InvoiceLine.objects.filter(usage_cycle_id__in=[each.pk for each in counted])
    found: dict[int, list[str]] = {}
    final = lines.exclude(invoice__state=Invoice.State.DRAFT).order_by("invoice__created_at", "pk")
    for cycle_id, number in final.values_list("usage_cycle_id", "invoice__number"):
        found.setdefault(cycle_id or 0, []).append(number)
    return found


def invoiced(cycle: UsageCycle, numbers: list[str], at: datetime) -> str:
    """On which invoices, and what of it is not on one yet."""
    if cycle.closed_at and cycle.billable > cycle.pushed:
        late = gettext("%(count)s not billed: reported after the last invoice")
        return "; ".join([*numbers, late % {"count": values.number(cycle.billable - cycle.pushed)}])
    if numbers and cycle.pushed == cycle.billable:
        return ", ".join(numbers)
    if not cycle.billable:
        return gettext("nothing above what is included")
    to_come = gettext("on the next invoice") if at >= cycle.ends else gettext("with the cycle's end")
    return ", ".join([*numbers, to_come])


def day_rows(lived: list[date], readings: dict[date, UsageReading], rest: Rest) -> Iterator[DayRow]:
    """Days without a report stand together."""
    for (silent, resting), days in groupby(lived, key=lambda day: (day not in readings, rest.holds(day))):
        if silent:
            yield silence(list(days), resting)
            continue
        for day in days:
            each = readings[day]
            name = gettext("%(day)s: suspended, not counted") % {"day": values.day_text(day)}
            yield DayRow(
                name if resting else values.day(day), each.users, each.terminals, each.disk_gb, each.received_at
            )


def silence(newest_first: list[date], resting: bool) -> DayRow:
    first, last = newest_first[-1], newest_first[0]
    span = values.day_text(first) if first == last else f"{values.day_text(first)} – {values.day_text(last)}"
    why = gettext("%(days)s: suspended") if resting else gettext("%(days)s: no report")
    return DayRow(why % {"days": span}, None, None, None, None)
