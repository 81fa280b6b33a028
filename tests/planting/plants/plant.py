"""What is planted: changes of the source, and the test that must find them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MADE_OF = ("/migrations/", "tenancy/access.py", "tenancy/bootstrap.sql", "tenancy/operations.py")


@dataclass(frozen=True)
class Change:
    """`old` stands in the file exactly once, and `new` takes its place."""

    path: str
    old: str
    new: str

    def make(self, here: Path) -> None:
        """Raises ValueError where the source has moved on, so that it does not fit any more."""
        file = here / self.path
        text = file.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.path}: found {text.count(self.old)} times, not once: {self.old!r}")
        file.write_text(text.replace(self.old, self.new))


@dataclass(frozen=True)
class Plant:
    """`found_by`: a test as pytest names it. `says`: what its failure must say, so that it fails for this reason."""

    name: str
    changes: tuple[Change, ...]
    found_by: str
    says: str

    @property
    def needs_servers(self) -> bool:
        """Whether it changes what the tests' common servers and template are made of."""
        return any(part in change.path for change in self.changes for part in MADE_OF)
