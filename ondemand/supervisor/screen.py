"""What the demo's terminal shows: lines with a name before each, and one bar below them while something is made."""

from __future__ import annotations

import sys
import time
from pathlib import Path

STARTED = time.monotonic()
WIDTH = 30  # of the bar, in characters
STEP = 10  # per cent between two lines where there is no terminal to draw on
LINES_UP = "\r\x1b[K"


class Screen:
    """Writes to stdout, and all lines to a file as well; a pipe gets plain lines."""

    def __init__(self, log: Path) -> None:
        self.log = log.open("w", buffering=1)
        self.draws = sys.stdout.isatty()
        self.bar, self.told = "", -1

    def line(self, name: str, text: str, *, only_log: bool = False) -> None:
        self.log.write(f"{name:9} | {text}\n")
        if not only_log:
            self.plain(f"{name:9} | {text}")

    def say(self, text: str) -> None:
        self.line("demo", f"{time.monotonic() - STARTED:.1f} s {text}")

    def plain(self, text: str) -> None:
        before = LINES_UP if self.bar else ""
        sys.stdout.write(f"{before}{text}\n{self.bar}")
        sys.stdout.flush()

    def progress(self, percent: int, words: str) -> None:
        """Draw the bar anew; 100 per cent leaves it behind as a line."""
        full = WIDTH * percent // 100
        bar = f"history   | {'█' * full}{'░' * (WIDTH - full)} {percent} % {words}"
        if self.draws and percent < 100:
            self.bar = bar
            sys.stdout.write(f"{LINES_UP}{bar}")
            sys.stdout.flush()
        elif self.draws or percent // STEP > self.told:
            self.told = percent // STEP
            self.clear()
            self.plain(bar if self.draws else f"history   | {percent} % {words}")

    def clear(self) -> None:
        if self.bar:
            self.bar = ""
            sys.stdout.write(LINES_UP)
