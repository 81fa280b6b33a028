"""The park's own clock: real time, moved by an offset while the demo's history is made."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass
class Clock:
    """`offset` is in seconds; boots and intervals run in real time whatever it is."""

    offset: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.offset, UTC)

    def today(self) -> date:
        """The UTC day: the day of a usage reading."""
        return self.now().date()

    def move_to(self, moment: datetime | None) -> None:
        """Stands at `moment` and goes on from there; None is real time again."""
        self.offset = 0.0 if moment is None else moment.timestamp() - time.time()

    def in_seconds(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
