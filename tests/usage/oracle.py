"""What must be billed, counted anew from what instances reported. Imports nothing of the product."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

INCLUDED = (  # in the smaller plan, and in the dearer one
    {"named users": 2, "POS terminals": 1, "GB of disk": 5},
    {"named users": 4, "POS terminals": 2, "GB of disk": 7},
)


class Report(NamedTuple):
    """Of one instance and UTC day: named users, terminals, MB of disk."""

    instance: str
    day: date
    users: int
    terminals: int
    disk_mb: int

    @property
    def counts(self) -> dict[str, int]:
        return {
            "named users": self.users,
            "POS terminals": self.terminals,
            "GB of disk": (self.disk_mb + 1023) // 1024,
        }


class Key(NamedTuple):
    """Which item: its description begins with the instance's name, its period is the cycle."""

    what: str
    starts: int
    ends: int


@dataclass(frozen=True)
class Calendar:
    """Of one subscription: its first cycle ends at the anchor, the others a month after each other, in UTC."""

    began: datetime
    anchor: datetime

    def cycle_of(self, day: date) -> tuple[datetime, datetime]:
        end_of_day = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        begins, number = self.began, 0
        while (ends := self._boundary(number)) <= end_of_day:
            begins, number = ends, number + 1
        return begins, ends

    def _boundary(self, number: int) -> datetime:
        years, month = divmod(self.anchor.month - 1 + number, 12)
        year = self.anchor.year + years
        last = monthrange(year, month + 1)[1]
        return self.anchor.replace(year=year, month=month + 1, day=min(self.anchor.day, last))


Rests = dict[str, list[tuple[datetime, datetime | None]]]  # by instance: suspended from, and up to


def counts(report: Report, rests: Rests) -> bool:
    """Unless the instance was suspended as the day began."""
    midnight = datetime(report.day.year, report.day.month, report.day.day, tzinfo=UTC)
    spans = rests.get(report.instance, [])
    return not any(since <= midnight and (until is None or midnight < until) for since, until in spans)


class Since(NamedTuple):
    """Which plan is in force from then on."""

    since: datetime
    plan: int


def plan_of(starts: datetime, changes: Iterable[Since]) -> int:
    """A cycle keeps the plan that it began with."""
    return max((each for each in changes if each.since <= starts), default=Since(starts, 0)).plan


def billed(
    reports: Iterable[Report], calendar: Calendar, changes: Iterable[Since] = (), rests: Rests | None = None
) -> dict[Key, int]:
    """By instance, meter and cycle the highest count above what is included; what is not above it is not there."""
    peaks: dict[Key, int] = defaultdict(int)
    for report in (each for each in reports if counts(each, rests or {})):
        starts, ends = calendar.cycle_of(report.day)
        for meter, count in report.counts.items():
            key = Key(f"{report.instance}: {meter}", int(starts.timestamp()), int(ends.timestamp()))
            peaks[key] = max(peaks[key], count - INCLUDED[plan_of(starts, changes)][meter])
    return {key: peak for key, peak in peaks.items() if peak > 0}
