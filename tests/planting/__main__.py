"""`python -m tests.planting [name…]`: plant leaks, all or those named, and see which test finds each."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ondemand import testing
from tests.planting.planted import planted, without_plants
from tests.planting.plants import PLANTS


def main(names: list[str]) -> int:
    """How many were not found."""
    chosen = [plant for plant in PLANTS if not names or plant.name in names]
    if unknown := set(names) - {plant.name for plant in chosen}:
        raise SystemExit(
            f"No such plant: {', '.join(sorted(unknown))}. There are:\n" + "\n".join(p.name for p in PLANTS)
        )
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        if wrong := without_plants(chosen, Path(folder)):
            raise SystemExit(f"The tests fail where nothing is planted:\n{wrong}")
        for finding in planted(chosen, Path(folder)):
            print(finding, flush=True)
            if not finding.found:
                missed += 1
                print(finding.output[-6000:])
    return missed


if __name__ == "__main__":
    testing.pytest_configure()
    try:
        status = main(sys.argv[1:])
    finally:
        testing.pytest_unconfigure()
    sys.exit(min(status, 1))
