"""Which month of the diary a row belongs to."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ondemand import clock

CLOSES_ON = 3  # the day of the month on which the one before it closes (money.md, Representation)


def booked_in(day: date, *, now: datetime) -> date:
    """The first of the month of its cause, or of the first month that is still open."""
    return max(clock.month_start(day), first_open(now))


def first_open(now: datetime) -> date:
    return clock.month_start(clock.business_day(now) - timedelta(days=CLOSES_ON - 1))
