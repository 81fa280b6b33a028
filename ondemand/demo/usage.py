"""How much an instance is used on a day: grows, rests at weekends and in August, peaks before Christmas."""

from __future__ import annotations

from datetime import date
from random import Random

from ondemand.demo.cast import Company

# Per cent of an ordinary working day, by month and by day of the week.
OFFICE = {1: 96, 2: 98, 3: 100, 4: 100, 5: 101, 6: 100, 7: 92, 8: 74, 9: 100, 10: 104, 11: 106, 12: 98}
SHOPS = {1: 98, 2: 92, 3: 96, 4: 98, 5: 100, 6: 102, 7: 104, 8: 96, 9: 98, 10: 102, 11: 112, 12: 124}
OFFICE_WEEK, SHOP_WEEK = (100, 102, 100, 98, 92, 20, 10), (100, 100, 98, 102, 100, 110, 40)


def days(company: Company, began: date, first: date, last: date, rng: Random) -> list[dict[str, object]]:
    """The park's days from `first` to `last`, both included, of an instance that began on `began`."""
    return [_day(company, began, date.fromordinal(n), rng) for n in range(first.toordinal(), last.toordinal() + 1)]


def _day(company: Company, began: date, day: date, rng: Random) -> dict[str, object]:
    retail = company.terminals > 0
    age = (day - began).days
    season = (SHOPS if retail else OFFICE)[day.month]
    week = (SHOP_WEEK if retail else OFFICE_WEEK)[day.weekday()]
    level = season * week * (100 + company.growth * age // 30)
    return {
        "day": day.isoformat(),
        "named_users": _count(company.users, level, rng),
        "pos_terminals": _count(company.terminals, level, rng) if retail else 0,
        "disk_mb": company.disk_gb * 1024 * (100 + age // 3) // 100 + rng.randrange(40),
    }


def _count(ordinary: int, level: int, rng: Random) -> int:
    """At least one, with somebody more or less now and then."""
    exact = (ordinary * level + 500_000) // 1_000_000
    return max(1, exact + rng.choice((-1, 0, 0, 0, 1)))
