"""The one source of time. Instants are aware, in UTC; the business day and month are the zone's."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings


def now() -> datetime:
    return datetime.now(UTC)


def instant(timestamp: int) -> datetime:
    """From Unix seconds, as Stripe writes them."""
    return datetime.fromtimestamp(timestamp, UTC)


def zone() -> ZoneInfo:
    return ZoneInfo(settings.ZONE_TIME_ZONE)


def business_day(at: datetime) -> date:
    """The zone's date of an instant: dates of invoices, commissions and payments."""
    return at.astimezone(zone()).date()


def usage_day(at: datetime) -> date:
    """Usage days are UTC days."""
    return at.astimezone(UTC).date()


def midnight(day: date) -> datetime:
    """The instant at which a business day begins."""
    return datetime.combine(day, time(), zone()).astimezone(UTC)


def end_of_usage_day(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def usage_days(starts: datetime, ends: datetime) -> list[date]:
    """Those whose end is within; `ends` is without."""
    first, last = usage_day(starts), usage_day(ends)
    around = [first + timedelta(days=count) for count in range(-1, (last - first).days + 1)]
    return [day for day in around if starts <= end_of_usage_day(day) < ends]


def month_start(day: date) -> date:
    return day.replace(day=1)


def months_after(day: date, count: int) -> date:
    """The same day of a later (or earlier) month, or that month's last."""
    month = day.year * 12 + day.month - 1 + count
    last = monthrange(month // 12, month % 12 + 1)[1]
    return date(month // 12, month % 12 + 1, min(day.day, last))


def months_later(at: datetime, count: int) -> datetime:
    """The same time of day in UTC, whole months later: as Stripe counts cycles from their anchor."""
    at = at.astimezone(UTC)
    return datetime.combine(months_after(at.date(), count), at.timetz())
