"""Billing periods. Stripe counts in UTC and keeps the anchor's time of day: no daylight saving."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any

from ondemand.standins.stripe.shapes import Object

ENDED = ("canceled", "incomplete_expired")


def later(start: int, price: Object, anchor: int) -> int:
    """One interval later; months end on the anchor's day, or on the month's last."""
    return _moved(start, price, anchor, 1)


def earlier(end: int, price: Object, anchor: int) -> int:
    return _moved(end, price, anchor, -1)


def _moved(start: int, price: Object, anchor: int, direction: int) -> int:
    every, count = price["recurring"]["interval"], price["recurring"]["interval_count"] * direction
    at = datetime.fromtimestamp(start, UTC)
    if every in ("day", "week"):
        return int((at + timedelta(days=count * (7 if every == "week" else 1))).timestamp())
    year, month = divmod(at.year * 12 + at.month - 1 + count * (12 if every == "year" else 1), 12)
    day = min(datetime.fromtimestamp(anchor, UTC).day, calendar.monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp())


def by_config(now: int, config: Object) -> int:
    """The first moment after now with the day, hour and minute that billing_cycle_anchor_config names."""
    at = datetime.fromtimestamp(now, UTC)
    hour, minute, second = (
        config[n] if config.get(n) is not None else getattr(at, n) for n in ("hour", "minute", "second")
    )
    months = range(at.year * 12 + at.month - 1, at.year * 12 + at.month + 13)
    for year, month in (divmod(m, 12) for m in months):
        day = min(config["day_of_month"], calendar.monthrange(year, month + 1)[1])
        found = datetime(year, month + 1, day, hour, minute, second, tzinfo=UTC).timestamp()
        if found > now and config.get("month") in (None, month + 1):
            return int(found)
    raise ValueError(config)


def period(subscription: Object) -> Any:
    """The nearest period's start and end."""
    item = min(subscription["items"]["data"], key=lambda i: i["current_period_end"])
    return {"start": item["current_period_start"], "end": item["current_period_end"]}
