"""A server of the park and the instance on it: the shape of one state file."""

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["booting", "running", "failed", "suspending", "suspended", "resuming", "terminated"]
StepState = Literal["pending", "running", "done", "failed"]

VERSION = "26Q3"
RETAIL = re.compile(r"retail|\bpos\b", re.IGNORECASE)


@dataclass
class Step:
    """A step of the boot. `at`: the park's time of its last change, ISO 8601."""

    name: str
    label: str
    state: StepState = "pending"
    at: str | None = None
    detail: str = ""


@dataclass
class Actor:
    """A named user or a POS terminal. `worked_on`: the last UTC day on which it worked, ISO 8601."""

    id: int
    name: str
    worked_on: str | None = None


@dataclass(frozen=True)
class Usage:
    """What one UTC day counts: users and terminals that worked, and the disk in MB."""

    named_users: int
    pos_terminals: int
    disk_mb: int


@dataclass
class Reading:
    """A day's usage, and what of it the platform has acknowledged."""

    usage: Usage
    acknowledged: Usage | None = None


@dataclass(frozen=True)
class ReasonPage:
    """What the suspended address says."""

    why: str
    how_to_pay: str
    whom_to_ask: str


@dataclass(frozen=True)
class Visitor:
    """Who entered by a one-time link."""

    user: str
    display: str
    support: bool


@dataclass
class Server:
    """`due`: real time, Unix seconds, at which the step under way or the change of state is done."""

    id: str
    name: str
    product: str
    edition: str
    activation_key: str
    heartbeat_url: str
    heartbeat_key: str
    login_secret: str
    owner_email: str
    owner_username: str
    company: str
    created_at: str
    state: State = "booting"
    due: float = 0.0
    error: str | None = None
    activation_key_installed: bool = False
    disk_mb: int = 0
    steps: list[Step] = field(default_factory=list)
    users: list[Actor] = field(default_factory=list)
    terminals: list[Actor] = field(default_factory=list)
    readings: dict[str, Reading] = field(default_factory=dict)
    reason_page: ReasonPage | None = None
    redeemed: dict[str, float] = field(default_factory=dict)
    sessions: dict[str, Visitor] = field(default_factory=dict)
    backed_up_at: str | None = None

    @property
    def is_retail(self) -> bool:
        return bool(RETAIL.search(f"{self.product} {self.edition}"))

    @property
    def is_live(self) -> bool:
        return self.state != "terminated"


def to_json(server: Server) -> dict[str, Any]:
    return asdict(server)


def from_json(data: dict[str, Any]) -> Server:
    """The server of a state file; raises TypeError or KeyError when the file is of another shape."""
    nested = {
        "steps": [Step(**step) for step in data["steps"]],
        "users": [Actor(**user) for user in data["users"]],
        "terminals": [Actor(**terminal) for terminal in data["terminals"]],
        "readings": {day: _reading(reading) for day, reading in data["readings"].items()},
        "reason_page": ReasonPage(**data["reason_page"]) if data["reason_page"] else None,
        "sessions": {key: Visitor(**visitor) for key, visitor in data["sessions"].items()},
    }
    return Server(**{**data, **nested})


def _reading(data: dict[str, Any]) -> Reading:
    acknowledged = data["acknowledged"]
    return Reading(Usage(**data["usage"]), Usage(**acknowledged) if acknowledged else None)
