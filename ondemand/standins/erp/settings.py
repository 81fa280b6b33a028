"""How the park behaves: given by the command line, switched by the control API, kept in park.json."""

from dataclasses import dataclass
from typing import Literal

Boots = Literal["normal", "slow", "fail"]
SLOWNESS = 10.0


@dataclass
class Settings:
    """`times`: how many more boots fail at `fail_at` (0: every one) before they are normal again."""

    boot_seconds: float
    heartbeat_seconds: float
    send_heartbeats: bool = True
    boots: Boots = "normal"
    fail_at: str = "database"
    times: int = 1

    def step_seconds(self, steps: int) -> float:
        factor = SLOWNESS if self.boots == "slow" else 1.0
        return self.boot_seconds * factor / steps

    def fail(self, step: str) -> bool:
        """Whether this step fails now; one failure is used up by the answer yes."""
        if self.boots != "fail" or step != self.fail_at:
            return False
        if self.times:
            self.times -= 1
            self.boots = "fail" if self.times else "normal"
        return True
