"""Processes that are watched: those that stay, and those that do one thing and end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ondemand.supervisor.screen import Screen

DEATHS, WITHIN = 5, 60  # seconds
PATIENCE = 10  # seconds that a child has to end
Launch = Callable[[], subprocess.Popen[bytes]]


class Ended(Exception):
    """The demo cannot go on; says why."""


class Leave(Exception):
    """Somebody asked the demo to end."""


@dataclass
class Child:
    """`launch` returns the started process; its output, where it is a pipe, goes to the screen."""

    name: str
    launch: Launch
    stop_signal: int = signal.SIGTERM
    level: int = 0  # of the house: the upper ones end first, those of one level together
    ready: bool = False  # it said READY
    muted: bool = False  # its lines go to the log file alone
    quiet: Callable[[str], bool] = lambda line: False  # as such a line always does
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))
    heard: Callable[[str], bool] = lambda line: False  # True: the line is dealt with, and not shown
    process: subprocess.Popen[bytes] = field(init=False)
    begun: bytes = b""  # of a line whose end has not come yet

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def signal_group(self, number: int) -> None:
        """To it and to what it started: each child leads a process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def count_death(self) -> None:
        self.deaths.append(time.monotonic())
        if len(self.deaths) == DEATHS and self.deaths[-1] - self.deaths[0] < WITHIN:
            raise Ended(f"{self.name} died {DEATHS} times within a minute: its last lines are above.")


class Children:
    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.staying: list[Child] = []
        self.selector = selectors.DefaultSelector()
        self.asked_to_leave = False

    def leave(self, *signal_and_frame: object) -> None:
        """A signal's handler: an exception here could be raised anywhere, and be swallowed there."""
        self.asked_to_leave = True

    def add(self, *more: Child) -> None:
        for child in more:
            self._start(child)
            self.staying.append(child)

    def run(self, *tasks: Child) -> None:
        """Run them side by side to their end; Ended where one fails."""
        for task in tasks:
            self._start(task)
        try:
            while any(task.runs for task in tasks):
                self.watch()
            self._copy_rest()
        finally:
            for task in tasks:
                task.signal_group(signal.SIGKILL)
        if failed := [task.name for task in tasks if task.process.returncode]:
            raise Ended(f"{' and '.join(failed)} failed: see above.")

    @contextlib.contextmanager
    def muted(self, chosen: Callable[[Child], bool]) -> Iterator[None]:
        """What these say goes to the log file alone."""
        for child in self.staying:
            child.muted = chosen(child)
        try:
            yield
        finally:
            for child in self.staying:
                child.muted = False

    def wait(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not done():
            self.watch()
            if time.monotonic() > end:
                raise Ended(f"{what} did not answer within {seconds:.0f} s.")

    def watch(self, seconds: float = 0.1) -> None:
        """Copy what is said for so long, then start again what died; Leave where that was asked for."""
        if self.asked_to_leave:
            raise Leave
        self._copy_for(seconds)
        for child in self.staying:
            if not child.runs:
                self._revive(child)

    def stop(self) -> None:
        """From above, level by level; what does not end is killed."""
        for level in sorted({child.level for child in self.staying}, reverse=True):
            leaving = [child for child in self.staying if child.level == level]
            for child in leaving:
                child.process.send_signal(child.stop_signal)
            end = time.monotonic() + PATIENCE
            while any(child.runs for child in leaving) and time.monotonic() < end:
                self._copy_for(0.02)
            for child in leaving:
                child.signal_group(signal.SIGKILL)
                child.process.wait()

    def _start(self, child: Child) -> None:
        child.process = child.launch()
        if child.process.stdout:
            self.selector.register(os.dup(child.process.stdout.fileno()), selectors.EVENT_READ, child)
            child.process.stdout.close()

    def _revive(self, child: Child) -> None:
        self._copy_rest()
        child.signal_group(signal.SIGKILL)  # its own children, which may still hold its port
        self.screen.say(f"{child.name} died (exit {child.process.returncode}): starting it again")
        child.count_death()
        try:
            self._start(child)
        except SystemExit as problem:
            self.screen.say(f"{child.name} did not start: {problem}")

    def _copy_for(self, seconds: float) -> None:
        """Copy what came; wait so long for something to come."""
        for key, _ in self.selector.select(seconds):
            self._copy(key.data, key.fd)

    def _copy_rest(self) -> None:
        while self.selector.get_map() and (keys := self.selector.select(0)):
            for key, _ in keys:
                self._copy(key.data, key.fd)

    def _copy(self, child: Child, pipe: int) -> None:
        text = os.read(pipe, 65536)
        if not text:
            self.selector.unregister(pipe)
            os.close(pipe)
            text = b"\n" if child.begun else b""
        *lines, child.begun = (child.begun + text).split(b"\n")
        for line in lines:
            self._hear(child, line.decode(errors="replace"))

    def _hear(self, child: Child, line: str) -> None:
        child.ready = child.ready or line.startswith("READY")
        if not child.heard(line):
            self.screen.line(child.name, line, only_log=child.muted or child.quiet(line))
