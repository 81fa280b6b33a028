"""How long to wait before the next try."""

from __future__ import annotations

from datetime import datetime, timedelta

MOST_TRIES = 8


def next_try(now: datetime, tries: int, *, first_seconds: int = 10, most: timedelta = timedelta(hours=6)) -> datetime:
    """Doubling from `first_seconds` with each try made, up to `most`."""
    return now + min(timedelta(seconds=first_seconds * 2 ** min(tries, 20)), most)
