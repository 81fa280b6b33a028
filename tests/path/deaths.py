"""How often a service died, and what was then missing or there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ondemand.tenancy.context import as_worker
from partners.models import Campaign, Partner, Plan
from signup.services import registration
from tests.path.killing import run_to_death
from tests.path.walk import Walk

SERVICES = (
    "tell_peer", "open_bank_account", "open_checkout", "complete", "boot", "boot to running", "push", "push a rise",
    "change the plan",
    "take", "accrue", "send", "release", "refuse", "complete and undo",
    "cancel", "stay after all", "end at once", "warn", "suspend", "resume",
    "stop", "back up", "foretell", "delete",
)  # fmt: skip
AVAILABLE_AT_ONCE, RISKY = "4000000000000077", "4000000000009235"


@dataclass
class Tally:
    """Of one service: how many points its run has, how often it died, what was then missing or there twice."""

    points: int = 0
    kills: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    def count(self, counted: Counter[str], where: str) -> None:
        """`counted`: what there must be one of."""
        self.lost += [f"{where}: {name}" for name, n in counted.items() if n < 1]
        self.doubled += [f"{where}: {name}" for name, n in counted.items() if n > 1]


@dataclass
class Deaths:
    """The first traveller meets no death, and so shows how many points there are."""

    walk: Walk
    deaths: int
    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in SERVICES}, kw_only=True)

    def die(
        self,
        service: str,
        number: int,
        act: Callable[[], object],
        carry_on: Callable[[], object],
        counted: Callable[[], Iterator[tuple[str, int]]],
    ) -> None:
        """`act` dies, `carry_on` does what beat or the person does next, and what is counted must be there once."""
        tally = self.tallies[service]
        at = spread(number, self.deaths, tally.points)
        met = run_to_death(act, at=at)
        if met is None:
            tally.kills += 1
            self.walk.wait(minutes=3)  # longer than every lease
            carry_on()
        elif not number:
            tally.points = met
        tally.count(Counter(dict(counted())), f"{service} killed at {at} of {tally.points}")

    def page(self, partner: Partner) -> dict[str, Any]:
        with as_worker():
            campaign = Campaign.objects.get(partner=partner)
            plan = Plan.objects.get(product_id=campaign.product_id, code="starter")
        return {"campaign": campaign, "plan": plan, "ticket": None, "now": self.walk.now}

    def listed(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.walk.stripe(f"/v1/{kind}{'&' if '?' in kind else '?'}limit=100")["data"]
        return found


def form_of(name: str, number: int) -> registration.Registration:
    who, email = f"{name}{number}", f"{name}{number}@shops.example"
    return registration.Registration(who.title(), "Ana", email, who, "ES", "ESB65739856", "en")


def spread(number: int, deaths: int, points: int) -> int:
    """The point of death of traveller `number`; 0: none. Where not all are met, the last is left out: all is done."""
    if not number or number > points:
        return 0
    if deaths >= points:
        return number
    return 1 + (number - 1) * (points - 2) // max(deaths - 1, 1)
