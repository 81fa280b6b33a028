"""What happens when, in order; Stripe's clock is moved along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from ondemand.demo.outside import Stripe

Action = Callable[[datetime], None]


class Timeline:
    """Actions are called with their own moment, the earliest first, and may plan more."""

    def __init__(self, stripe: Stripe, begin: datetime, end: datetime) -> None:
        self.stripe, self.begin, self.end = stripe, begin, end
        self._planned: list[tuple[datetime, int, Action]] = []
        self._numbers = count()

    def plan(self, at: datetime, action: Action) -> None:
        """Nothing is planned beyond the end: that is the running demo's."""
        if at <= self.end:
            heappush(self._planned, (at, next(self._numbers), action))

    def run(self, told: Callable[[int, datetime], None]) -> None:
        """Do all of it; `told` hears how much is done, in per cent."""
        while self._planned:
            at, _number, action = heappop(self._planned)
            self.stripe.move_to(at)
            action(at)
            told(int(100 * (at - self.begin) / (self.end - self.begin)), at)
