"""`python -m tests.stranger` compares what Stripe has with what the partners' screens export; `… change` first refunds,
voids, pays and disputes at Stripe, and waits until the screens agree."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.stranger.agreeing import disagreements
from tests.stranger.changing import change
from tests.stranger.portal import Zone, zones

ENV = Path(__file__).resolve().parents[2] / ".demo" / "env"
PATIENCE = 60  # seconds


def compare(file: Path = ENV) -> int:
    """How much differs."""
    found = [words for zone in zones(file) for words in disagreements(zone)]
    print("\n".join(found) or "no disagreement")
    return len(found)


def change_and_wait(file: Path = ENV) -> int:
    """How much differs when patience ends."""
    running, began = zones(file), time.monotonic()
    for zone in running:
        print("\n".join(change(zone)))
    found = _agreed(running, began)
    print("\n".join(found) or f"no disagreement, {time.monotonic() - began:.0f} s after the first change")
    return len(found)


def _agreed(running: list[Zone], began: float) -> list[str]:
    while found := [words for zone in running for words in disagreements(zone)]:
        if time.monotonic() - began > PATIENCE:
            break
        time.sleep(0.5)
    return found


if __name__ == "__main__":
    sys.exit(min((change_and_wait if sys.argv[1:] == ["change"] else compare)(), 1))
