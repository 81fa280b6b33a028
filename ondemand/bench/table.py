"""What was measured, as the table that docs/benchmarks.md keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

COLUMNS = ("name", "what", "against", "measured", "to reach", "ok")


@dataclass(frozen=True)
class Measure:
    name: str
    what: str
    against: str
    measured: str
    to_reach: str
    ok: bool

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.name, self.what, self.against, self.measured, self.to_reach, "yes" if self.ok else "no")


def markdown(measures: Iterable[Measure]) -> str:
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(measure.cells for measure in measures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
