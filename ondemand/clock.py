"""The one source of time. Instants are aware, in UTC; the business day and month are the zone's."""

from __future__ import annotations

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


def month_start(day: date) -> date:
    return day.replace(day=1)


def months_after(day: date, count: int) -> date:
    """The same day of a later month, or that month's last."""
    months = day.year * 12 + day.month - 1 + count
    first = date(months // 12, months % 12 + 1, 1)
    last = date((months + 1) // 12, (months + 1) % 12 + 1, 1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
