"""How often this process may call Stripe."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import stripe

SECOND = 1.0


class Pace:
    """At most so many calls within any second; 0: as many as there are. Whoever is one too many waits for a turn."""

    def __init__(
        self,
        most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.turns: deque[float] = deque(maxlen=most)
        self.clock, self.sleep = clock, sleep
        self.lock = threading.Lock()

    def wait(self) -> None:
        if not self.turns.maxlen:
            return
        with self.lock:
            now = self.clock()
            full = len(self.turns) == self.turns.maxlen
            turn = max(now, self.turns[0] + SECOND) if full else now
            self.turns.append(turn)
        if turn > now:
            self.sleep(turn - now)


class PacedClient(stripe.RequestsClient):
    """The library's http client, which waits for its turn before each request, repeated ones too."""

    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.pace = Pace(most)

    def request(
        self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: list[str] | None = None
    ) -> Any:
        self.pace.wait()
        return super().request(method, url, headers, post_data)
